import { afterEach, beforeEach, expect, test } from "vitest";
import {
  executeExpireSnapshots,
  planExpireSnapshots,
  planOrphanFiles,
  type CommitOptions,
  type Table,
} from "../index.ts";
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
});
afterEach(async () => box.close());

const append = async (n: number, options: CommitOptions = {}): Promise<bigint> => {
  const staged = await table.stageAppend({ connection: box.connection, query: `SELECT ${n} AS id, 'v' AS v` });
  const done = await box.lakehouse.commit(staged, options);
  table = done.table;
  return done.snapshotId;
};
const merge = async (n: number, options: CommitOptions): Promise<bigint> =>
  (
    await box.lakehouse.commit(
      await table.stageMerge({ connection: box.connection, query: `SELECT ${n} AS id, 'm' AS v`, key: ["id"] }),
      options,
    )
  ).snapshotId;
const fresh = async (): Promise<Table> => box.stranger().loadTable(id);
const ids = async (options = {}): Promise<string[]> =>
  (await box.rows((await fresh()).scan({ columns: ["id"], ...options }))).map((row) => (row as { id: string }).id);
const STAGED = { publish: false } as const;

test("a staged snapshot is readable by its id for an audit and by nobody else, until it is published", async () => {
  await append(1);
  const before = (await fresh()).metadata;
  const staged = await append(2, { publish: false, wapId: "batch-7", properties: { job: "orders" } });
  const after = (await fresh()).metadata;
  expect(await ids()).toEqual(["1"]);
  expect(await ids({ snapshotId: staged })).toEqual(["1", "2"]);
  expect([after.refs, after["current-snapshot-id"], after["snapshot-log"]]).toEqual([
    before.refs,
    before["current-snapshot-id"],
    before["snapshot-log"],
  ]);
  expect(after.snapshots.at(-1)?.summary).toMatchObject({ "wap.id": "batch-7", job: "orders" });
  const published = await box.stranger().publishSnapshot(id, String(staged));
  expect(published).toMatchObject({ outcome: "fast-forwarded", snapshotId: staged });
  expect(await ids()).toEqual(["1", "2"]);
  expect(await box.stranger().publishSnapshot(id, staged)).toMatchObject({
    outcome: "already-published",
    snapshotId: staged,
  });
  expect((await fresh()).metadata["snapshot-log"]).toHaveLength(2);
});

test("the first snapshot of a table can be staged as well", async () => {
  const staged = await append(1, STAGED);
  expect((await fresh()).currentSnapshotId).toBeNull();
  expect(await box.lakehouse.publishSnapshot(id, staged)).toMatchObject({ outcome: "fast-forwarded" });
  expect(await ids()).toEqual(["1"]);
});

test("appends that were staged side by side are all published, each once", async () => {
  await append(1);
  const [a, b] = [await append(2, { ...STAGED, wapId: "a" }), await append(3, { ...STAGED, wapId: "b" })];
  await box.lakehouse.publishSnapshot(id, a);
  const picked = await box.lakehouse.publishSnapshot(id, b, { properties: { by: "auditor" } });
  expect(picked.outcome).toBe("cherry-picked");
  expect(picked.snapshotId).not.toBe(b);
  expect(picked.table.metadata.snapshots.at(-1)).toMatchObject({
    "parent-snapshot-id": a,
    summary: {
      operation: "append",
      "source-snapshot-id": String(b),
      "published-wap-id": "b",
      by: "auditor",
      "total-records": "3",
      "total-data-files": "3",
    },
  });
  expect(await ids()).toEqual(["1", "2", "3"]);
  expect(await box.stranger().publishSnapshot(id, b)).toMatchObject({
    outcome: "already-published",
    snapshotId: picked.snapshotId,
  });
  expect(await ids()).toEqual(["1", "2", "3"]);
  // The staged original goes with time; the rows stay, because the copy names the same files.
  const plan = await planExpireSnapshots(await fresh(), { olderThan: Number.MAX_SAFE_INTEGER, keepLast: 1 });
  table = (await executeExpireSnapshots(await fresh(), plan)).table;
  expect(table.metadata.snapshots).toHaveLength(1);
  expect(await ids()).toEqual(["1", "2", "3"]);
});

test("publishers that race publish once, whoever wins", async () => {
  await append(1);
  const staged = [await append(2, STAGED), await append(3, STAGED)];
  const outcomes = await Promise.all(
    [...staged, ...staged].map(async (snapshotId) => box.stranger().publishSnapshot(id, snapshotId)),
  );
  expect(outcomes.map((one) => one.outcome).sort()).toEqual([
    "already-published",
    "already-published",
    "cherry-picked",
    "fast-forwarded",
  ]);
  expect(await ids()).toEqual(["1", "2", "3"]);
});

test("a merge is published on the head it was decided on, and on no other", async () => {
  await append(1);
  const [first, second] = [await merge(1, STAGED), await merge(1, STAGED)];
  expect(await box.lakehouse.publishSnapshot(id, first)).toMatchObject({ outcome: "fast-forwarded" });
  await expect(box.lakehouse.publishSnapshot(id, second)).rejects.toMatchObject({
    kind: "commit-conflict",
    message: expect.stringContaining("stage it again"),
  });
  expect(await box.rows((await fresh()).scan())).toEqual([{ id: "1", v: "m" }]);
});

test("one wap.id is published once, also when it was staged twice", async () => {
  await append(1);
  const twice = [await append(2, { ...STAGED, wapId: "x" }), await append(2, { ...STAGED, wapId: "x" })] as const;
  await box.lakehouse.publishSnapshot(id, twice[0]);
  await expect(box.lakehouse.publishSnapshot(id, twice[1])).rejects.toMatchObject({
    kind: "commit-conflict",
    message: expect.stringContaining("wap.id x"),
  });
  expect(await ids()).toEqual(["1", "2"]);
});

test("publishing and the caller's work happen together or not at all", async () => {
  await append(1);
  const staged = await append(2, STAGED);
  let worked = 0;
  const within = async (): Promise<void> => void (worked += 1);
  await expect(
    box.lakehouse.publishSnapshot(id, staged, { within: async () => Promise.reject(new Error("stale token")) }),
  ).rejects.toThrow("stale token");
  expect(await ids()).toEqual(["1"]);
  await box.lakehouse.publishSnapshot(id, staged, { within });
  await box.lakehouse.publishSnapshot(id, staged, { within });
  expect(worked, "work of a snapshot that is published already is not done again").toBe(1);
});

test("a refused cherry-pick leaves no file behind, and a staged snapshot's files are nobody's orphans", async () => {
  await append(1);
  const staged = await append(2, STAGED);
  await append(3);
  await expect(
    box.lakehouse.publishSnapshot(id, staged, { within: async () => Promise.reject(new Error("stale token")) }),
  ).rejects.toThrow("stale token");
  const all = { olderThan: Number.MAX_SAFE_INTEGER, force: true };
  expect((await planOrphanFiles(await fresh(), all)).files).toEqual([]);
  await box.lakehouse.publishSnapshot(id, staged);
  expect(await ids()).toEqual(["1", "2", "3"]);
});

test("a snapshot is staged on and published to a branch like on main", async () => {
  await append(1);
  table = await table.createBranch("b");
  table = await table.onBranch("b");
  const staged = await append(2, STAGED);
  expect(await box.lakehouse.publishSnapshot(id, staged, { branch: "b" })).toMatchObject({ outcome: "fast-forwarded" });
  expect(await ids()).toEqual(["1"]);
  expect(await ids({ ref: "b" })).toEqual(["1", "2"]);
  await expect(box.lakehouse.publishSnapshot(id, 5n)).rejects.toMatchObject({ kind: "snapshot-not-found" });
});
