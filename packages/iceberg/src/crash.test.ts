import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureJdbcTables, jdbcCatalog } from "./catalogs/jdbc/index.ts";
import { executeOrphanFiles, openLakehouse, planOrphanFiles, type Lakehouse } from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";
import { startPostgres, type TestPostgres } from "./test-postgres.ts";

const id = { namespace: "crash", name: "rows" };
let postgres: TestPostgres;
let pool: Pool;
let folder: string;
let connection: DuckDBConnection;
let lakehouse: Lakehouse;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "iceberg-crash-"));
  postgres = await startPostgres(55111);
  pool = postgres.pool();
  await ensureJdbcTables(pool);
  await pool.query("CREATE TABLE commits (batch text PRIMARY KEY, merged boolean)");
  const duckdb = await DuckDBInstance.create(":memory:");
  connection = await duckdb.connect();
  lakehouse = openLakehouse({
    catalog: jdbcCatalog({ pool, catalogName: "crash" }),
    storage: folderStorage(folder),
    duckdb,
    warehouse: folder,
  });
  await lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "string" },
      { name: "batch", type: "string" },
    ],
    key: ["id"],
    properties: { "commit.retry.num-retries": "50" },
  });
}, 120_000);
afterAll(async () => {
  connection?.closeSync();
  await pool?.end();
  await postgres?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

function write(
  writer: string,
  batches: number,
  failpoint: string,
  after: number,
): Promise<NodeJS.Signals | number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [
        new URL("./crash-writer.ts", import.meta.url).pathname,
        postgres.url,
        folder,
        writer,
        String(batches),
        failpoint,
        String(after),
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk));
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      code !== 0 && signal === null ? reject(new Error(complaint)) : resolve(signal ?? code),
    );
  });
}

/** The rows PostgreSQL says were committed are the rows of the table: nothing lost, nothing doubled. */
async function agrees(): Promise<void> {
  const { rows } = await pool.query<{ batch: string; merged: boolean }>("SELECT batch, merged FROM commits");
  const expected = new Map<string, string>();
  const order = (batch: string): number => Number(batch.split("-").at(-1));
  for (const { batch, merged } of rows.toSorted((a, b) => order(a.batch) - order(b.batch))) {
    const writer = batch.slice(0, batch.lastIndexOf("-"));
    for (let i = 0; i < 5; i += 1) expected.set(merged ? `${writer}-${i}` : `${writer}-${i}${order(batch)}`, batch);
  }
  const table = await lakehouse.loadTable(id);
  const found = (
    await connection.runAndReadAll(`SELECT id, batch FROM ${await table.scan().toSql()}`)
  ).getRowsJson() as [string, string][];
  expect(found).toHaveLength(expected.size);
  expect(new Map(found)).toEqual(expected);
}

test.each([
  "data-files-written",
  "manifests-written",
  "manifest-list-written",
  "metadata-written",
  "within",
  "pointer-swapped",
])(
  "a writer killed at %s loses and doubles nothing",
  async (failpoint) => {
    expect(await write(`k-${failpoint}`, 4, failpoint, 2)).toBe("SIGKILL");
    await agrees();
  },
  120_000,
);

test("three processes write at once and two of them are killed: the table agrees with PostgreSQL, and the orphan pass finds every leftover", async () => {
  const ended = await Promise.all([
    write("a", 6, "metadata-written", 4),
    write("b", 6, "pointer-swapped", 3),
    write("c", 6, "none", 1),
  ]);
  expect(ended).toEqual(["SIGKILL", "SIGKILL", 0]);
  await agrees();
  const table = await lakehouse.loadTable(id);
  const plan = await planOrphanFiles(table, { olderThan: Date.now() + 120_000, force: true });
  expect(plan.files.length).toBeGreaterThan(0);
  await executeOrphanFiles(table, plan);
  await agrees();
  expect((await planOrphanFiles(table, { olderThan: Date.now() + 120_000, force: true })).files).toEqual([]);
}, 120_000);
