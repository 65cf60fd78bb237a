import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort, type TestPlatform } from "../../src/testing/test-platform.ts";
import { round } from "../figures.ts";
import { countCpu, type Watched } from "./cpu-seconds.ts";
import type { Measured } from "./measured.ts";
import { peakMiB } from "./peak-memory.ts";

const OBJECTS = ["account", "contact", "opportunity", "case"];
/** Records a second under which the bench gives up. */
const SLOWEST = 2_000;
const PATIENCE_MILLIS = 120_000;

const CREDENTIALS = {
  clientId: "bench-client",
  clientSecret: "bench-secret",
  username: "bench@nova.example",
  password: "bench-password",
};

/** Somebody's org with so many records, which stands still, and what the worker has to know to read it. */
export interface BenchOrg {
  readonly records: number;
  readonly env: Readonly<Record<string, string>>;
  readonly pid: number | undefined;
  stop(): void;
}

/** The stand-in of the demo. */
export async function startOrg(records: number): Promise<BenchOrg> {
  const port = await freePort();
  const { clientId, clientSecret, username, password } = CREDENTIALS;
  const credentials = {
    SALESFORCE_CLIENT_ID: clientId,
    SALESFORCE_CLIENT_SECRET: clientSecret,
    SALESFORCE_USERNAME: username,
    SALESFORCE_PASSWORD: password,
  };
  const child = spawn(process.execPath, [join(import.meta.dirname, "../../../../infra/local/src/salesforce/main.ts")], {
    env: {
      ...credentials,
      SALESFORCE_PORT: String(port),
      SALESFORCE_RECORDS: String(records),
      NOVA_RATE: "still",
    },
    stdio: "ignore",
  });
  return {
    records,
    env: { ...credentials, SALESFORCE_LOGIN_URL: `http://127.0.0.1:${port}` },
    pid: child.pid,
    stop: () => void child.kill("SIGTERM"),
  };
}

/**
 * How fast the first load of the org comes in, from the start of the worker; the worker is killed half way, and goes on
 * where it was. Ends when as many records as the org has can be asked for: none lost, none doubled.
 */
export async function measureFullLoad(
  platform: TestPlatform,
  watched: Watched,
  { records }: Pick<BenchOrg, "records">,
): Promise<Measured> {
  const patience = PATIENCE_MILLIS + (records / SLOWEST) * 1000;
  const read = async (): Promise<{ rows: number; open: number }> => {
    const [rows, open, streams] = await platform.metadataRow(
      `SELECT coalesce(sum(rows_read), 0)::text, count(*) FILTER (WHERE state <> 'streaming')::text, count(*)::text
         FROM streams WHERE source_id = 'salesforce'`,
    );
    return { rows: Number(rows), open: Number(streams) === 0 ? 1 : Number(open) };
  };
  const began = performance.now();
  const seconds = (): number => (performance.now() - began) / 1000;
  let cpu = countCpu(watched);
  await platform.startWorker();
  await platform.waitFor("half of the records", async () => (await read()).rows >= records / 2, patience);
  const first = { seconds: seconds(), cpu: cpu(), rows: (await read()).rows };
  const peaks = [peakMiB(platform.workerPid()) ?? 0];
  await platform.killWorker();
  await platform.startWorker();
  cpu = countCpu(watched);
  await platform.waitFor("the first load of Salesforce", async () => (await read()).open === 0, patience);
  const { rows } = await read();
  const raw = { seconds: seconds(), cpu: cpu() };
  await platform.waitFor("every record in staged", async () => (await stagedRecords(platform)) === records, patience);
  const queryable = seconds();
  peaks.push(peakMiB(platform.workerPid()) ?? 0);
  const what = `Salesforce: full load of ${records} records, worker killed half way`;
  return {
    costs: [
      { what: `${what}: to the kill`, seconds: first.seconds, rows: first.rows, cpu: first.cpu },
      {
        what: `${what}: from it to all in raw`,
        seconds: raw.seconds - first.seconds,
        rows: rows - first.rows,
        cpu: raw.cpu,
      },
    ],
    figures: [
      {
        what: `${what}: into raw`,
        figure: round(rows / raw.seconds),
        unit: "records/s",
        goal: "≥ 11,111 (20M in 30 min)",
      },
      { what: `${what}: into raw after`, figure: round(raw.seconds / 60), unit: "min", goal: "≤ 30 for 20M" },
      { what: `${what}: all queryable, none twice, after`, figure: round(queryable / 60), unit: "min", goal: "" },
      { what: `${what}: worker's largest memory`, figure: Math.max(...peaks), unit: "MiB", goal: "≤ 1536" },
    ],
  };
}

/** 0 until every dataset of the org is there. */
async function stagedRecords(platform: TestPlatform): Promise<number> {
  const [known] = await platform.metadataRow(
    "SELECT count(*)::text FROM datasets WHERE name LIKE 'staged.salesforce\\_\\_%' AND snapshot_id IS NOT NULL",
  );
  if (Number(known) < OBJECTS.length) return 0;
  let records = 0;
  for (const object of OBJECTS)
    records += Number((await platform.row(`SELECT count(*) FROM staged.salesforce__${object}`))[0]);
  return records;
}
