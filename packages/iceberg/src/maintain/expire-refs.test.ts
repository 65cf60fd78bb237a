import { access } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { executeExpireSnapshots, planExpireSnapshots, planOrphanFiles, where, type Table } from "../index.ts";
import { folderStorage } from "../storage/folder/index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
let now = 0;
const id = { namespace: "curated", name: "orders" };
const HOUR = 3_600_000;
beforeEach(async () => {
  now = HOUR;
  box = await openTestLakehouse({ clock: () => now });
  table = await box.lakehouse.createTable(id, { schema: [{ name: "id", type: "long" }] });
});
afterEach(async () => box.close());

/** One row each, an hour apart. */
const append = async (n: number, of: Table = table, publish = true): Promise<Table> => {
  now += HOUR;
  const staged = await of.stageAppend({ connection: box.connection, query: `SELECT ${n} AS id` });
  const done = await box.lakehouse.commit(staged, { publish });
  return (table = await done.table.onBranch("main"));
};
const fresh = async (): Promise<Table> => box.stranger().loadTable(id);
const ids = async (options = {}): Promise<string[]> =>
  (await box.rows((await fresh()).scan(options))).map((row) => (row as { id: string }).id);
const exists = async (location: string): Promise<boolean> =>
  access(location.replace("file://", "")).then(
    () => true,
    () => false,
  );
const all = { olderThan: Number.MAX_SAFE_INTEGER };

test("branches and tags keep their snapshots and files, and go themselves when they are too old", async () => {
  await append(1);
  table = await table.createTag("first");
  table = await table.createTag("brief", { retention: { maxRefAgeMs: HOUR } });
  await append(2);
  table = await table.createBranch("audit", { retention: { minSnapshotsToKeep: 2 } });
  await append(3, await table.onBranch("audit"));
  await append(4, await table.onBranch("audit"));
  await box.lakehouse.commit(await table.stageDelete({ connection: box.connection, where: where.lte("id", 2) }));
  now += 2 * HOUR;
  const plan = await planExpireSnapshots(await fresh(), all);
  expect(plan.expiredRefs).toEqual(["brief"]);
  expect(plan.explain()).toContain("brief");
  const result = await executeExpireSnapshots(await fresh(), plan);
  // The second append is not among the audit branch's newest two, and main needs only its head.
  expect(result).toMatchObject({ expiredSnapshots: 1, expiredRefs: ["brief"], failed: [] });
  expect((await fresh()).refs().map((ref) => ref.name)).toEqual(["audit", "first", "main"]);
  expect(await ids()).toEqual([]);
  expect(await ids({ ref: "first" })).toEqual(["1"]);
  expect(await ids({ ref: "audit" })).toEqual(["1", "2", "3", "4"]);
  expect((await planOrphanFiles(await fresh(), { ...all, force: true })).files).toEqual([]);
});

test("a branch made after the plan keeps what it needs of it", async () => {
  for (const n of [1, 2, 3]) await append(n);
  const plan = await planExpireSnapshots(table, all);
  expect(plan.expired).toHaveLength(2);
  const second = table.metadata.snapshots[1]?.["snapshot-id"] as bigint;
  await (await fresh()).createBranch("late", { snapshotId: second, retention: { minSnapshotsToKeep: 2 } });
  const result = await executeExpireSnapshots(table, plan);
  expect(result.expiredSnapshots).toBe(0);
  expect(await ids({ ref: "late" })).toEqual(["1", "2"]);
  expect(await ids({ snapshotId: table.metadata.snapshots[0]?.["snapshot-id"] })).toEqual(["1"]);
});

test("a staged snapshot that failed its audit goes by its id, with its files and without anything else", async () => {
  await append(1);
  await append(2, table, false);
  const staged = (await fresh()).metadata.snapshots.at(-1)?.["snapshot-id"] as bigint;
  const files = await (await fresh()).scan({ snapshotId: staged }).files();
  expect((await planExpireSnapshots(await fresh())).expired, "it is too young to go by age").toEqual([]);
  await expect(
    planExpireSnapshots(await fresh(), { snapshotIds: [table.currentSnapshotId as bigint] }),
  ).rejects.toMatchObject({ kind: "invalid-input", message: expect.stringContaining("main points to it") });
  const plan = await planExpireSnapshots(await fresh(), { snapshotIds: [String(staged)] });
  const result = await executeExpireSnapshots(await fresh(), plan);
  expect(result).toMatchObject({ expiredSnapshots: 1, removedFiles: 3 });
  expect(result.removedBytes).toBe(plan.bytes);
  expect(await exists(files.find((file) => result.removed.includes(file.path))?.path as string)).toBe(false);
  expect(await ids()).toEqual(["1"]);
});

test("what was published after the plan stays", async () => {
  await append(1);
  await append(2, table, false);
  const staged = (await fresh()).metadata.snapshots.at(-1)?.["snapshot-id"] as bigint;
  const plan = await planExpireSnapshots(await fresh(), { snapshotIds: [staged] });
  await box.lakehouse.publishSnapshot(id, staged);
  expect((await executeExpireSnapshots(await fresh(), plan)).expiredSnapshots).toBe(0);
  expect(await ids()).toEqual(["1", "2"]);
});

test("a file that cannot be removed is named, and not told as removed", async () => {
  for (const n of [1, 2]) await append(n);
  await box.lakehouse.commit(await table.stageDelete({ connection: box.connection, where: where.eq("id", 1) }));
  const real = folderStorage(box.folder);
  const stubborn = box.stranger({
    storage: {
      ...real,
      delete: async (location) => {
        if (location.endsWith(".parquet")) throw new Error("busy");
        await real.delete(location);
      },
    },
  });
  const theirs = await stubborn.loadTable(id);
  const result = await executeExpireSnapshots(theirs, await planExpireSnapshots(theirs, all));
  expect(result.failed).toHaveLength(1);
  expect(result.removed).not.toContain(result.failed[0]);
  const left = await planOrphanFiles(await fresh(), { ...all, force: true });
  expect(left.files.map((file) => file.location)).toEqual(result.failed);
});

test("an orphan pass that could take files of running commits is refused, unless it is forced", async () => {
  await append(1);
  now += 30 * 24 * HOUR;
  await expect(planOrphanFiles(table, { olderThan: now - HOUR })).rejects.toMatchObject({ kind: "invalid-input" });
  expect((await planOrphanFiles(table, { olderThan: now - 25 * HOUR })).files).toEqual([]);
});
