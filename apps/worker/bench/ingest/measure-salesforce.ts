import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort, type TestPlatform } from "../../src/testing/test-platform.ts";
import { type Figure, round } from "./figures.ts";

const CREDENTIALS = {
  clientId: "bench-client",
  clientSecret: "bench-secret",
  username: "bench@nova.example",
  password: "bench-password",
};

/** The stand-in of the demo, and what the worker has to know to read it. */
export async function startOrg(): Promise<{ readonly env: Readonly<Record<string, string>>; stop(): void }> {
  const port = await freePort();
  const { clientId, clientSecret, username, password } = CREDENTIALS;
  const credentials = {
    SALESFORCE_CLIENT_ID: clientId,
    SALESFORCE_CLIENT_SECRET: clientSecret,
    SALESFORCE_USERNAME: username,
    SALESFORCE_PASSWORD: password,
  };
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../../../infra/local/src/salesforce/main.ts")], {
    env: { ...credentials, SALESFORCE_PORT: String(port), NOVA_RATE: "quiet" },
    stdio: "ignore",
  });
  return {
    env: { ...credentials, SALESFORCE_LOGIN_URL: `http://127.0.0.1:${port}` },
    stop: () => void child.kill("SIGTERM"),
  };
}

/** How fast the first load of the org came in; it began with the worker. */
export async function measureFullLoad(platform: TestPlatform, beganAt: number): Promise<Figure[]> {
  const loaded = async (): Promise<string[]> =>
    platform.metadataRow(
      "SELECT count(*) FILTER (WHERE state <> 'streaming')::text, sum(rows_read)::text, count(*)::text FROM streams WHERE source_id = 'salesforce'",
    );
  await platform.waitFor("the first load of Salesforce", async () => {
    const [open, , streams] = await loaded();
    return open === "0" && Number(streams) > 0;
  });
  const seconds = (performance.now() - beganAt) / 1000;
  const rows = Number((await loaded())[1]);
  return [
    {
      what: `Salesforce: full load of the demo org's ${rows} records, the worker's start included`,
      figure: round(rows / seconds),
      unit: "records/s",
      goal: "11,111 (20M in 30 min)",
    },
  ];
}
