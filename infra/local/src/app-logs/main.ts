import { readEnv } from "./env.ts";
import { startAppLogs } from "./start-app-logs.ts";

const env = readEnv();
if ("problem" in env) {
  console.error(`application logs: set these environment variables: ${env.problem}`);
  process.exit(2);
}

const emitter = startAppLogs({
  intakeUrl: env.LOG_INTAKE_URL,
  token: env.LOG_INTAKE_TOKEN,
  rate: env.NOVA_RATE,
  log: (line) => console.log(line),
});
for (const name of ["SIGTERM", "SIGINT"] as const) {
  // The OpenTelemetry exporter may still sleep between its tries: what could be sent has been sent by then.
  process.once(name, () => void emitter.close().then(() => process.exit(0)));
}
