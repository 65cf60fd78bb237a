import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import type { Pool } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensureJdbcTables, jdbcCatalog } from "./catalogs/jdbc/index.ts";
import {
  executeExpireSnapshots,
  executeOrphanFiles,
  openLakehouse,
  planExpireSnapshots,
  planOrphanFiles,
  type Lakehouse,
  type Table,
} from "./index.ts";
import { liveFiles, snapshotFiles } from "./maintain/reachable-files.ts";
import { folderStorage } from "./storage/folder/index.ts";
import { Table as TableClass } from "./table.ts";
import { startPostgres, type TestPostgres } from "./test-postgres.ts";

const id = { namespace: "crash", name: "operations" };
const FAILPOINTS = [
  "data-files-written",
  "manifests-written",
  "manifest-list-written",
  "metadata-written",
  "within",
  "pointer-swapped",
];
let postgres: TestPostgres;
let pool: Pool;
let folder: string;
let connection: DuckDBConnection;
let lakehouse: Lakehouse;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "iceberg-operations-"));
  postgres = await startPostgres(55141);
  pool = postgres.pool();
  await ensureJdbcTables(pool);
  await pool.query("CREATE TABLE ledger (n bigserial PRIMARY KEY, writer text, line jsonb)");
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
    properties: { "commit.retry.num-retries": "50", "commit.manifest.min-count-to-merge": "6" },
  });
}, 120_000);
afterAll(async () => {
  connection?.closeSync();
  await pool?.end();
  await postgres?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

function operate(
  writer: string,
  seed: number,
  operations: number,
  failpoint: string,
  after: number,
): Promise<NodeJS.Signals | number | null> {
  return new Promise((resolve, reject) => {
    const script = new URL("./crash-operator.ts", import.meta.url).pathname;
    const rest = [postgres.url, folder, writer, seed, operations, failpoint, after].map(String);
    const child = spawn(process.execPath, [script, ...rest], { stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.on("data", (chunk: Buffer) => (complaint += chunk));
    child.once("error", reject);
    child.once("exit", (code, signal) =>
      code !== 0 && signal === null ? reject(new Error(`${writer}: ${complaint}`)) : resolve(signal ?? code),
    );
  });
}

/** What the acknowledged operations leave, in the order of their transactions: key → batch. */
async function expected(): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ line: { batch: string; set: string[]; removed: string[] } }>(
    "SELECT line FROM ledger ORDER BY n",
  );
  const model = new Map<string, string>();
  for (const { line } of rows) {
    for (const key of line.removed) model.delete(key);
    for (const key of line.set) model.set(key, line.batch);
  }
  return model;
}

async function agrees(): Promise<Table> {
  const table = await lakehouse.loadTable(id);
  const found = (
    await connection.runAndReadAll(`SELECT id, batch FROM ${await table.scan().toSql()}`)
  ).getRowsJson() as [string, string][];
  const model = await expected();
  expect(found).toHaveLength(model.size);
  expect(new Map(found)).toEqual(model);
  return table;
}

/** Every file that any part of the metadata names, and every file there is. */
async function namedAndStored(table: Table): Promise<{ named: Set<string>; stored: Set<string> }> {
  const { context, state } = TableClass.internals(table);
  const { manifestLists, manifests } = await snapshotFiles(context, state.metadata.snapshots);
  const data = await liveFiles(context, state.metadata, manifests.values());
  const former = state.metadata["metadata-log"].map((line) => line["metadata-file"]);
  const named = new Set([state.metadataLocation, ...former, ...manifestLists, ...manifests.keys(), ...data]);
  const stored = new Set<string>();
  for await (const file of context.storage.list(state.metadata.location)) stored.add(file.location);
  return { named, stored };
}

test("processes that append, merge, delete, publish, compact and expire at once, and die anywhere, lose and double nothing", async () => {
  let died = 0;
  for (const [round, failpoint] of FAILPOINTS.entries()) {
    const ended = await Promise.all([
      operate(`a${round}`, 100 + round, 12, failpoint, 2 + round),
      operate(`b${round}`, 200 + round, 12, FAILPOINTS[(round + 3) % 6] as string, 4),
      operate(`c${round}`, 300 + round, 8, "none", 1),
    ]);
    died += ended.filter((signal) => signal === "SIGKILL").length;
    expect(ended[2]).toBe(0);
    await agrees();
  }
  expect(died, "most of them reach the failpoint they are to die at").toBeGreaterThan(6);
}, 180_000);

test("afterwards every file the metadata names is there, and after the orphan pass no other one", async () => {
  let table = await agrees();
  const before = await namedAndStored(table);
  expect([...before.named].filter((file) => !before.stored.has(file))).toEqual([]);
  await executeOrphanFiles(table, await planOrphanFiles(table, { olderThan: Date.now() + 120_000, force: true }));
  const after = await namedAndStored(await agrees());
  expect([...after.stored].sort()).toEqual([...after.named].sort());
  ({ table } = await executeExpireSnapshots(
    table,
    await planExpireSnapshots(table, { olderThan: Date.now() + 120_000 }),
  ));
  const last = await namedAndStored(await agrees());
  expect(table.metadata.snapshots).toHaveLength(1);
  expect([...last.stored].sort()).toEqual([...last.named].sort());
}, 60_000);
