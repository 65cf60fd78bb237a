import { readEnv } from "./env.ts";
import { countsOf } from "./seed-records.ts";
import { startSalesforce } from "./start-salesforce.ts";

const env = readEnv();
if ("problem" in env) {
  console.error(`salesforce stand-in: set these environment variables: ${env.problem}`);
  process.exit(2);
}

const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());

await startSalesforce({
  port: env.SALESFORCE_PORT,
  credentials: {
    clientId: env.SALESFORCE_CLIENT_ID,
    clientSecret: env.SALESFORCE_CLIENT_SECRET,
    username: env.SALESFORCE_USERNAME,
    password: env.SALESFORCE_PASSWORD,
  },
  ...(env.SALESFORCE_STATE_DIR === undefined ? {} : { stateDir: env.SALESFORCE_STATE_DIR }),
  ...(env.SALESFORCE_RECORDS === undefined ? {} : { counts: countsOf(env.SALESFORCE_RECORDS) }),
  ...(env.NOVA_RATE === "still" ? {} : { rate: env.NOVA_RATE }),
  signal: stop.signal,
  log: (line) => console.log(line),
});
