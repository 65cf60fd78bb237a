import { access, readFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  executeCompaction,
  executeExpireSnapshots,
  executeOldMetadata,
  executeOrphanFiles,
  executeRewriteDeletes,
  executeRewriteManifests,
  planCompaction,
  planExpireSnapshots,
  planOldMetadata,
  planOrphanFiles,
  planRewriteDeletes,
  planRewriteManifests,
  Table,
  where,
} from "../index.ts";
import { commitChange } from "../commit/commit-change.ts";
import { commitMetadata } from "../commit/commit.ts";
import { stageChange } from "../commit/stage.ts";
import { currentSchema, currentSnapshot } from "../metadata/table-metadata.ts";
import { planFiles } from "../read/plan-files.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
const id = { namespace: "curated", name: "orders" };
beforeEach(async () => {
  let now = 0;
  box = await openTestLakehouse({ clock: () => (now += 1_000) });
  table = await box.lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "long" },
      { name: "v", type: "string" },
    ],
    key: ["id"],
  });
  for (let batch = 0; batch < 6; batch += 1)
    await append(`SELECT ${batch * 10} + i AS id, 'v' AS v FROM range(10) t(i)`);
  for (let round = 0; round < 3; round += 1) await merge(`SELECT i * 7 AS id, 'r${round}' AS v FROM range(8) t(i)`);
});
afterEach(async () => box.close());

const append = async (query: string): Promise<void> =>
  void ({ table } = await box.lakehouse.commit(await table.stageAppend({ connection: box.connection, query })));
const merge = async (query: string): Promise<void> =>
  void ({ table } = await box.lakehouse.commit(
    await table.stageMerge({ connection: box.connection, query, key: ["id"] }),
  ));
const exists = async (location: string): Promise<boolean> =>
  access(location.replace("file://", "")).then(
    () => true,
    () => false,
  );

test("compaction joins files, applies deletes, changes no row and explains itself beforehand", async () => {
  const before = await box.rows(table.scan());
  const plan = await planCompaction(table, { targetFileBytes: 1 << 20 });
  expect(plan.explain()).toContain("rewrite 9 file(s)");
  const result = await executeCompaction(table, plan, { connection: box.connection, properties: { reason: "test" } });
  expect(result).toMatchObject({ rewrittenFiles: 9, addedFiles: 1, removedDeleteFiles: 3, skippedGroups: 0 });
  expect(await box.rows(result.table.scan())).toEqual(before);
  expect(result.table.metadata.snapshots.at(-1)?.summary).toMatchObject({
    operation: "replace",
    reason: "test",
    "total-data-files": "1",
    "total-delete-files": "0",
    "total-records": "60",
  });
  expect((await result.table.changes({ from: table.currentSnapshotId })).isEmpty).toBe(true);
  expect((await planCompaction(result.table, { targetFileBytes: 1 << 20 })).explain()).toContain("nothing to compact");
  // The same plan once more finds its files gone and leaves the table alone.
  expect(await executeCompaction(result.table, plan, { connection: box.connection })).toMatchObject({
    rewrittenFiles: 0,
    skippedGroups: 1,
  });
});

test("files of many rows are large whatever their size, and what makes a whole one is joined however few they are", async () => {
  await append("SELECT 2000 + i AS id, 'v' AS v FROM range(100) t(i)");
  for (const first of [3000, 3020]) await append(`SELECT ${first} + i AS id, 'v' AS v FROM range(20) t(i)`);
  const limits = { targetFileBytes: 1 << 20, targetFileRows: 100, maxDeleteFiles: 100, deleteRatio: 1 };
  const plan = await planCompaction(table, { ...limits, minInputFiles: 40 });
  // 100 rows stand alone; nine files of the first 84 rows are full, the last two are not and too few.
  expect(plan.groups.map(({ files }) => files.reduce((sum, file) => sum + file.recordCount, 0))).toEqual([84]);
  const before = await box.rows(table.scan());
  const result = await executeCompaction(table, plan, { connection: box.connection });
  expect(await box.rows(result.table.scan())).toEqual(before);
  expect((await planCompaction(result.table, { ...limits, minInputFiles: 40 })).groups).toEqual([]);
});

test("compaction gives way to rows deleted meanwhile, and an append does not disturb it", async () => {
  const plan = await planCompaction(table);
  await append("SELECT 1000 AS id, 'late' AS v");
  await box.lakehouse.commit(
    await table.stageDelete({ connection: box.connection, where: { op: "=", column: "id", value: 11 } }),
  );
  const result = await executeCompaction(table, plan, { connection: box.connection });
  const ids = (await box.rows(result.table.scan({ columns: ["id"] }))).map((row) => Number((row as { id: string }).id));
  expect(ids).toHaveLength(60);
  expect(ids).toContain(1000);
  expect(ids).not.toContain(11);
});

test("joined delete files keep every delete", async () => {
  const before = await box.rows(table.scan());
  const plan = await planRewriteDeletes(table, { minInputFiles: 3 });
  expect(plan.explain()).toContain("join 3");
  const result = await executeRewriteDeletes(table, plan, { connection: box.connection });
  expect(result).toMatchObject({ removedFiles: 3, addedFiles: 1 });
  expect(await box.rows(result.table.scan())).toEqual(before);
  expect(result.table.metadata.snapshots.at(-1)?.summary).toMatchObject({
    operation: "replace",
    "total-delete-files": "1",
    "total-position-deletes": "24",
  });
});

test("manifests are joined without a change of rows, and the old snapshots still read", async () => {
  const before = await box.rows(table.scan());
  const first = table.metadata.snapshots[0]?.["snapshot-id"] as bigint;
  const result = await executeRewriteManifests(table, await planRewriteManifests(table));
  expect(result).toMatchObject({ before: 12, after: 2 });
  const again = await planRewriteManifests(result.table);
  expect(again.explain()).toBe("nothing to join");
  const snapshots = result.table.metadata.snapshots.length;
  expect(
    (await executeRewriteManifests(result.table, await planRewriteManifests(table))).table.metadata.snapshots,
  ).toHaveLength(snapshots);
  expect(await box.rows(result.table.scan())).toEqual(before);
  expect(await box.rows((await box.stranger().loadTable(id)).scan({ snapshotId: first }))).toHaveLength(10);
});

test("expiry removes old snapshots and exactly the files that only they needed", async () => {
  ({ table } = await executeCompaction(table, await planCompaction(table), { connection: box.connection }));
  const before = await box.rows(table.scan());
  const oldest = table.metadata.snapshots[0]?.["snapshot-id"] as bigint;
  const oldFiles = await table.scan({ snapshotId: oldest }).files();
  const plan = await planExpireSnapshots(table, { olderThan: Number.MAX_SAFE_INTEGER, keepLast: 1 });
  expect(plan.explain()).toMatch(/expire 9 snapshot\(s\), keep 1; remove 12 data and delete file\(s\)/);
  const result = await executeExpireSnapshots(table, plan);
  expect(result.expiredSnapshots).toBe(9);
  for (const file of oldFiles) expect(await exists(file.path)).toBe(false);
  const stranger = await box.stranger().loadTable(id);
  expect(await box.rows(stranger.scan())).toEqual(before);
  expect(() => stranger.scan({ snapshotId: oldest })).toThrow(expect.objectContaining({ kind: "snapshot-not-found" }));
  await expect(stranger.changes({ from: oldest })).rejects.toMatchObject({ kind: "snapshot-not-found" });
  expect((await planExpireSnapshots(stranger, { olderThan: Number.MAX_SAFE_INTEGER })).expired).toEqual([]);
  expect((await executeExpireSnapshots(stranger, plan)).expiredSnapshots).toBe(0);
});

test("expiry by age keeps the recent history, and files that it still needs", async () => {
  const at = table.metadata.snapshots[5]?.["timestamp-ms"] as number;
  const result = await executeExpireSnapshots(table, await planExpireSnapshots(table, { olderThan: at, keepLast: 2 }));
  expect(result.table.history.snapshots).toHaveLength(4);
  for (const snapshot of result.table.history.snapshots)
    expect(
      (await box.rows((await box.stranger().loadTable(id)).scan({ snapshotId: snapshot["snapshot-id"] }))).length,
    ).toBeGreaterThan(0);
});

test("the orphan pass takes files of discarded and lost work, and nothing a snapshot needs", async () => {
  const lost = await table.stageAppend({ connection: box.connection, query: "SELECT 5 AS id, 'lost' AS v" });
  const discarded = await table.stageAppend({ connection: box.connection, query: "SELECT 5 AS id, 'discarded' AS v" });
  await discarded.discard();
  expect(await exists(discarded.addedDataFiles[0]?.path as string)).toBe(false);
  expect((await planOrphanFiles(table)).files, "the default age spares what may be in progress").toEqual([]);
  const plan = await planOrphanFiles(table, { olderThan: Number.MAX_SAFE_INTEGER, force: true });
  expect(plan.files.map((file) => file.location)).toEqual(lost.addedDataFiles.map((file) => file.path));
  expect(await executeOrphanFiles(table, plan)).toMatchObject({ removedFiles: 1 });
  expect(await box.rows((await box.stranger().loadTable(id)).scan())).toHaveLength(60);
});

test("metadata files beyond the wanted number go when the table asks for it", async () => {
  table = await table.setProperties({
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "2",
  });
  const old = table.metadata["metadata-log"].map((line) => line["metadata-file"]);
  for (let n = 0; n < 4; n += 1) await append(`SELECT ${n} AS id, 'x' AS v`);
  expect(table.metadata["metadata-log"]).toHaveLength(2);
  for (const file of old.slice(-3)) expect(await exists(file)).toBe(false);
  expect(await exists(table.metadataLocation)).toBe(true);
});

test("compaction sorts as asked, so that each new file covers a range of its own", async () => {
  const plan = await planCompaction(table, {
    targetFileBytes: 1 << 20,
    sortBy: [{ column: "v", direction: "desc", nulls: "first" }, "id"],
  });
  expect(plan.explain()).toContain("sorted by v desc, id asc");
  const { table: sorted } = await executeCompaction(table, plan, { connection: box.connection });
  const stored = (await box.connection.runAndReadAll(`SELECT v, id FROM ${await sorted.scan().toSql()}`)).getRowsJson();
  const order = (
    await box.connection.runAndReadAll(
      `SELECT v, id FROM ${await sorted.scan().toSql()} ORDER BY v DESC NULLS FIRST, id`,
    )
  ).getRowsJson();
  expect(stored).toEqual(order);
  await expect(planCompaction(table, { sortBy: ["nothing"] })).rejects.toMatchObject({ kind: "invalid-input" });
});

test("compaction of a part leaves the other files alone", async () => {
  const plan = await planCompaction(table, { where: where.gte("id", 50), minInputFiles: 2 });
  expect(plan.inputFiles).toBeLessThan(9);
  const before = await box.rows(table.scan());
  const result = await executeCompaction(table, plan, { connection: box.connection });
  expect(result.rewrittenFiles).toBe(plan.inputFiles);
  expect(await box.rows(result.table.scan())).toEqual(before);
});

test("a merge that comes in while a compaction writes is neither lost nor undone", async () => {
  // The compaction has read and written its files when the merge commits: its first attempt must not go through.
  let merged = false;
  const racing = box.stranger({
    failpoint: (name) => {
      if (name === "data-files-written") merging ??= merging_();
    },
    wait: async () => undefined,
  });
  let merging: Promise<void> | undefined;
  const staged = await table.stageMerge({
    connection: box.connection,
    query: "SELECT 3 AS id, 'raced' AS v",
    key: ["id"],
  });
  const merging_ = async (): Promise<void> => {
    await box.lakehouse.commit(staged);
    merged = true;
  };
  const mine = await racing.loadTable(id);
  const result = await executeCompaction(mine, await planCompaction(mine), { connection: box.connection });
  await merging;
  expect(merged).toBe(true);
  const rows = await box.rows((await box.stranger().loadTable(id)).scan({ filter: where.eq("id", 3) }));
  expect(rows).toEqual([{ id: "3", v: "raced" }]);
  expect(await box.rows((await result.table.refresh()).scan())).toHaveLength(60);
});

test("former metadata files go by number, and the table and its history stay", async () => {
  const plan = await planOldMetadata(table, { keep: 2 });
  expect(plan.explain()).toContain("remove 7");
  const result = await executeOldMetadata(table, plan);
  expect(result).toMatchObject({ removedFiles: 7, failed: [] });
  for (const file of plan.files) expect(await exists(file)).toBe(false);
  expect((await box.stranger().loadTable(id)).metadata.snapshots).toHaveLength(9);
  expect((await executeOldMetadata(result.table, plan)).removedFiles).toBe(0);
  const left = await planOrphanFiles(result.table, { olderThan: Number.MAX_SAFE_INTEGER, force: true });
  expect(left.files).toEqual([]);
});

test("delete files that reach no data any more are dropped", async () => {
  // As a writer leaves it that takes data files out and forgets their deletes.
  const { context, state } = Table.internals(table);
  const planned = await planFiles(
    context,
    state.metadata,
    currentSchema(state.metadata),
    currentSnapshot(state.metadata),
  );
  const hit = planned.filter((file) => file.deletes.length > 0).map((file) => file.entry.file);
  const forgetful = stageChange(context, state, { operation: "delete", concurrency: "same-rows", removedFiles: hit });
  await commitChange(context, forgetful, {});
  table = await table.refresh();
  const before = await box.rows(table.scan());
  const plan = await planRewriteDeletes(table);
  expect(plan.dangling).toHaveLength(3);
  expect(plan.explain()).toContain("drop 3 that reach no data");
  const result = await executeRewriteDeletes(table, plan, { connection: box.connection });
  expect(result).toMatchObject({ removedFiles: 3, addedFiles: 0, bytesBefore: plan.bytes, bytesAfter: 0 });
  expect(await box.rows(result.table.scan())).toEqual(before);
  expect(result.table.metadata.snapshots.at(-1)?.summary).toMatchObject({ "total-delete-files": "0" });
  expect((await executeRewriteDeletes(result.table, plan, { connection: box.connection })).removedFiles).toBe(0);
});

test("statistics that other writers noted keep their snapshot ids to the last digit, and go with their snapshot", async () => {
  const [first, last] = [table.metadata.snapshots[0], table.metadata.snapshots.at(-1)].map(
    (snapshot) => snapshot?.["snapshot-id"] as bigint,
  ) as [bigint, bigint];
  const noted = [first, last].map((snapshotId) => ({
    "snapshot-id": snapshotId,
    "statistics-path": `s-${snapshotId}.puffin`,
  }));
  const { context, state } = Table.internals(table);
  await commitMetadata(context, state.identifier, undefined, async ({ metadata }) => ({
    metadata: { ...metadata, extra: { ...metadata.extra, statistics: noted } },
    written: [],
  }));
  const stranger = await box.stranger().loadTable(id);
  expect(stranger.metadata.extra["statistics"]).toEqual(noted);
  const text = await readFile(stranger.metadataLocation.replace("file://", ""), "utf8");
  expect(text).toMatch(new RegExp(`"snapshot-id":\\s*${first}\\b`));
  const result = await executeExpireSnapshots(
    stranger,
    await planExpireSnapshots(stranger, { olderThan: Number.MAX_SAFE_INTEGER, keepLast: 1 }),
  );
  expect((await box.stranger().loadTable(id)).metadata.extra["statistics"]).toEqual([noted[1]]);
  expect(result.table.metadata.snapshots).toHaveLength(1);
});
