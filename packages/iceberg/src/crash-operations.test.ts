import { afterAll, beforeAll, expect, test } from "vitest";
import { CRASH_CATALOG, type Death, FAILPOINTS, runCrashing } from "./crash-process.ts";
import {
  executeExpireSnapshots,
  executeOrphanFiles,
  planExpireSnapshots,
  planOrphanFiles,
  type Table,
} from "./index.ts";
import { liveFiles, snapshotFiles } from "./maintain/reachable-files.ts";
import { Table as TableClass } from "./table.ts";
import { type JdbcTestLakehouse, openJdbcTestLakehouse } from "./test-jdbc-lakehouse.ts";

const id = { namespace: "crash", name: "operations" };
const SCRIPT = new URL("./crash-operator.ts", import.meta.url);
let lake: JdbcTestLakehouse;

beforeAll(async () => {
  lake = await openJdbcTestLakehouse(CRASH_CATALOG);
  await lake.pool.query("CREATE TABLE ledger (n bigserial PRIMARY KEY, writer text, line jsonb)");
  await lake.lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "string" },
      { name: "batch", type: "string" },
    ],
    key: ["id"],
    properties: {
      "commit.retry.num-retries": "50",
      "commit.manifest.min-count-to-merge": "6",
      // Some runs make more versions than the log of former metadata keeps.
      "write.metadata.delete-after-commit.enabled": "true",
    },
  });
}, 120_000);
afterAll(() => lake.close());

const operate = (writer: string, seed: number, operations: number, failpoint: Death["failpoint"], after: number) =>
  runCrashing(SCRIPT, lake, { failpoint, after }, writer, seed, operations);

/** What the acknowledged operations leave, in the order of their transactions: key → batch. */
async function expected(): Promise<Map<string, string>> {
  const { rows } = await lake.pool.query<{ line: { batch: string; set: string[]; removed: string[] } }>(
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
  const table = await lake.lakehouse.loadTable(id);
  const found = (
    await lake.connection.runAndReadAll(`SELECT id, batch FROM ${await table.scan().toSql()}`)
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
      operate(`b${round}`, 200 + round, 12, FAILPOINTS[(round + 3) % 6] ?? "none", 4),
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
