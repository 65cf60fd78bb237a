/**
 * What reading a PostgreSQL into raw costs, apart from everything else a worker does: rows a second of the snapshot beside a
 * plain COPY of the same table, and of the stream, with the CPU of this process, engine included.
 * `npm run bench -- capture-postgres [rows]`.
 */
import { randomUUID } from "node:crypto";
import { emptyEnvelopeColumns } from "@nova/pipeline-core/lakehouse";
import { to as copyTo } from "pg-copy-streams";
import { openTestLake } from "../src/duckdb/testing.ts";
import { memoryHost, startTestCapture, systemClock, until } from "../src/postgres-capture/test-capture.ts";
import { connect, startTestServer } from "../src/postgres-capture/test-server.ts";

const ROWS = Number(process.argv[2] ?? 300_000);
/** Seconds that a step may take on a disturbed machine. */
const PATIENCE = 300;
const results: { what: string; rowsPerSecond: number; cpuMicrosPerRow: number }[] = [];

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const cpu = process.cpuUsage();
  const began = performance.now();
  await work();
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  results.push({
    what,
    rowsPerSecond: Math.round(ROWS / seconds),
    cpuMicrosPerRow: Number(((user + system) / ROWS).toFixed(2)),
  });
}

const lake = await openTestLake({ clock: systemClock, memoryLimit: "700MB" });
const server = await startTestServer({ max_wal_size: "4GB", shared_buffers: "256MB" });
try {
  const url = await server.createDatabase("bench");
  const sql = await connect(url);
  await sql.query(`CREATE TABLE orders (order_id bigint PRIMARY KEY, order_number text, customer_id bigint, status text, channel text, currency char(3),
    subtotal numeric(12,2), tax numeric(12,2), total numeric(12,2), notes text, placed_at timestamptz, updated_at timestamptz)`);
  const rows = (from: number): string =>
    `INSERT INTO orders SELECT n, 'NR-' || n, n % 30000, 'shipped', 'web', 'EUR', n % 900, n % 90, n % 1000, NULL, now(), now() FROM generate_series(${from}, ${from + ROWS - 1}) n`;
  await sql.query(rows(1));
  await sql.query("VACUUM ANALYZE orders");
  await timed("plain COPY, read and thrown away", async () => {
    for await (const chunk of sql.query(copyTo("COPY orders TO STDOUT"))) void chunk;
  });
  const host = memoryHost(systemClock, async () => emptyEnvelopeColumns());
  let stored = 0;
  host.beforeCommit = async ({ input, position }) => {
    const batch = { source: "orders_db", input, position, batchId: randomUUID(), ingestedAt: systemClock.now() };
    stored += (await lake.rawStore.append({ ...batch, within: async () => undefined })).rows;
  };
  const capture = startTestCapture(url, host, { slot: "nova_bench", flush: { maxRows: 50_000 } });
  await timed("snapshot", () => until("the snapshot", () => host.states.includes("streaming"), PATIENCE));
  await sql.query(rows(10_000_000));
  await timed("stream, one transaction", () => until("the rows", () => stored >= 2 * ROWS, PATIENCE));
  await capture.stop();
  await sql.end();
} finally {
  await lake.close();
  await server.stop();
}
for (const { what, rowsPerSecond, cpuMicrosPerRow } of results) {
  process.stdout.write(
    `${what.padEnd(34)} ${String(rowsPerSecond).padStart(9)} rows/s ${String(cpuMicrosPerRow).padStart(8)} CPU µs/row\n`,
  );
}
process.stdout.write(`${JSON.stringify(results)}\n`);
