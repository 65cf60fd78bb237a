import { readEnv } from "./env.ts";
import { startStripe } from "./start-stripe.ts";

const env = readEnv();
if ("problem" in env) {
  console.error(`Stripe stand-in: set these environment variables: ${env.problem}`);
  process.exit(2);
}

const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());

const { STRIPE_WEBHOOK_URL: url, STRIPE_WEBHOOK_SECRET: secret } = env;
await startStripe({
  port: env.STRIPE_PORT,
  apiKey: env.STRIPE_API_KEY,
  ordersDbUrl: env.ORDERS_DB_URL,
  ...(url === undefined || secret === undefined ? {} : { webhook: { url, secret } }),
  signal: stop.signal,
  log: (line) => console.log(line),
});
