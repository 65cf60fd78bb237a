import { afterEach, beforeEach, expect, test } from "vitest";
import { executeCompaction, planCompaction, where, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
let now = 0;
const id = { namespace: "curated", name: "orders" };
beforeEach(async () => {
  now = 0;
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

const stage = (of: Table, n: number): ReturnType<Table["stageAppend"]> =>
  of.stageAppend({ connection: box.connection, query: `SELECT ${n} AS id, 'v' AS v` });
const append = async (of: Table, n: number): Promise<Table> => (await box.lakehouse.commit(await stage(of, n))).table;
const ids = async (of: Table, options = {}): Promise<number[]> =>
  (await box.rows(of.scan({ columns: ["id"], ...options }))).map((row) => Number((row as { id: string }).id));
const head = (of: Table): bigint => of.currentSnapshotId as bigint;
const fresh = async (): Promise<Table> => box.stranger().loadTable(id);

test("what is committed on a branch is seen on the branch alone, until main is moved on to it", async () => {
  table = await append(table, 1);
  table = await table.createBranch("audit");
  const main = head(table);
  let audit = await table.onBranch("audit");
  audit = await append(audit, 2);
  expect(audit.branch).toBe("audit");
  const merge = await audit.stageMerge({ connection: box.connection, query: "SELECT 1 AS id, 'm' AS v", key: ["id"] });
  audit = (await box.lakehouse.commit(merge)).table;
  expect(await ids(audit)).toEqual([1, 2]);
  expect(await ids(await fresh(), { ref: "audit" })).toEqual([1, 2]);
  expect(await ids(await fresh())).toEqual([1]);
  expect((await fresh()).currentSnapshotId).toBe(main);
  expect((await fresh()).metadata["snapshot-log"]).toHaveLength(1);
  table = await (await fresh()).fastForward("main", "audit");
  expect(await box.rows((await fresh()).scan())).toEqual([
    { id: "1", v: "m" },
    { id: "2", v: "v" },
  ]);
  expect(head(table)).toBe(head(audit));
  table = await append(table, 3);
  await expect(table.fastForward("audit", "main")).resolves.toBeDefined();
  audit = await append(await table.onBranch("audit"), 4);
  table = await append(await fresh(), 5);
  await expect(table.fastForward("main", "audit")).rejects.toMatchObject({ kind: "commit-conflict" });
});

test("a merge staged on a branch conflicts with rows of that branch, and not with those of main", async () => {
  table = await (await append(table, 1)).createBranch("audit");
  const audit = await table.onBranch("audit");
  const merge = async (): ReturnType<Table["stageMerge"]> =>
    audit.stageMerge({ connection: box.connection, query: "SELECT 1 AS id, 'm' AS v", key: ["id"] });
  const [first, second] = [await merge(), await merge()];
  await append(await fresh(), 2);
  await box.lakehouse.commit(first);
  await expect(box.lakehouse.commit(second)).rejects.toMatchObject({ kind: "commit-conflict" });
  await second.discard();
  expect(await ids(await fresh())).toEqual([1, 2]);
  expect(await ids(await fresh(), { ref: "audit" })).toEqual([1]);
});

test("maintenance of a branch rewrites the branch, and main keeps its files", async () => {
  table = await (await append(await append(table, 1), 2)).createBranch("audit");
  const audit = await append(await table.onBranch("audit"), 3);
  const mainFiles = await (await fresh()).scan().files();
  const done = await executeCompaction(audit, await planCompaction(audit, { minInputFiles: 2 }), {
    connection: box.connection,
  });
  expect(done).toMatchObject({ rewrittenFiles: 3, addedFiles: 1 });
  expect(await done.table.scan().files()).toHaveLength(1);
  expect(await ids(done.table)).toEqual([1, 2, 3]);
  expect(await (await fresh()).scan().files()).toEqual(mainFiles);
});

test("tags stay where they are and are not written to", async () => {
  table = await (await append(table, 1)).createTag("first", { retention: { maxRefAgeMs: 5 } });
  table = await table.updateSchema().addColumn("w", "int").commit();
  table = await append(table, 2);
  expect(await box.rows(table.scan({ ref: "first" })), "a tag is read with the schema of its snapshot").toEqual([
    { id: "1", v: "v" },
  ]);
  await expect(table.onBranch("first")).rejects.toMatchObject({ kind: "snapshot-not-found" });
  expect(table.refs()).toMatchObject([
    { name: "first", type: "tag", maxRefAgeMs: 5 },
    { name: "main", type: "branch" },
  ]);
  table = await table.removeRef("first");
  expect((await fresh()).refs().map((ref) => ref.name)).toEqual(["main"]);
});

test("a table goes back to its own past and nowhere else, by id and by time, and the log tells", async () => {
  const states: Table[] = [];
  for (const n of [1, 2, 3]) states.push((table = await append(table, n)));
  const [one, two, three] = states.map(head) as [bigint, bigint, bigint];
  table = await table.rollbackTo(one);
  expect(await ids(await fresh())).toEqual([1]);
  await expect(table.rollbackTo(three)).rejects.toMatchObject({ kind: "invalid-input" });
  table = await table.setCurrent(three);
  const at = table.metadata.snapshots[1]?.["timestamp-ms"] as number;
  table = await table.rollbackTo({ timestamp: at });
  expect(head(table)).toBe(two);
  await expect(table.rollbackTo({ timestamp: 1 })).rejects.toMatchObject({ kind: "snapshot-not-found" });
  const log = (await fresh()).metadata["snapshot-log"];
  expect(log.map((line) => line["snapshot-id"])).toEqual([one, two, three, one, three, two]);
  expect(log.map((line) => line["timestamp-ms"])).toEqual(
    log.map((line) => line["timestamp-ms"]).sort((a, b) => a - b),
  );
  // What was current then is what the log says, although the history of today is another one.
  expect(await ids(table, { asOf: log[3]?.["timestamp-ms"] })).toEqual([1]);
  expect(await ids(table, { asOf: log[4]?.["timestamp-ms"] })).toEqual([1, 2, 3]);
  table = await append(table, 9);
  expect(await ids(await fresh())).toEqual([1, 2, 9]);
  expect(table.metadata.snapshots.at(-1)?.["parent-snapshot-id"]).toBe(two);
});

test("a change that was decided on a snapshot which was rolled back is refused", async () => {
  table = await append(await append(table, 1), 2);
  const merge = await table.stageMerge({ connection: box.connection, query: "SELECT 2 AS id, 'm' AS v", key: ["id"] });
  await (await fresh()).rollbackTo({ timestamp: table.metadata.snapshots[0]?.["timestamp-ms"] as number });
  await expect(box.lakehouse.commit(merge)).rejects.toMatchObject({ kind: "commit-conflict" });
});

test("refs are changed in one transaction with the caller's work, or not at all", async () => {
  table = await append(table, 1);
  const refuse = { within: async () => Promise.reject(new Error("stale token")) };
  await expect(table.createBranch("b", refuse)).rejects.toThrow("stale token");
  await expect(table.createTag("t", refuse)).rejects.toThrow("stale token");
  expect((await fresh()).refs()).toHaveLength(1);
  table = await table.createBranch("b");
  await expect(table.removeRef("b", refuse)).rejects.toThrow("stale token");
  expect((await fresh()).refs()).toHaveLength(2);
});

test("refs changed by two lakehouses that do not know of each other all stand", async () => {
  table = await append(table, 1);
  const others = [1, 2, 3, 4].map(() => box.stranger());
  await Promise.all(others.map(async (one, n) => (await one.loadTable(id)).createTag(`t${n}`)));
  expect((await fresh()).refs()).toHaveLength(5);
  const race = await Promise.allSettled(others.map(async (one) => (await one.loadTable(id)).createBranch("same")));
  expect(race.filter((one) => one.status === "fulfilled")).toHaveLength(1);
});

test("a branch keeps its retention when it is moved, and a new one replaces all of it", async () => {
  table = await append(table, 1);
  table = await table.createBranch("b", { retention: { maxRefAgeMs: 9, minSnapshotsToKeep: 3 } });
  await append(await table.onBranch("b"), 2);
  expect((await fresh()).refs()[0]).toMatchObject({ name: "b", maxRefAgeMs: 9, minSnapshotsToKeep: 3 });
  table = await (await fresh()).replaceRef("b", { retention: { maxSnapshotAgeMs: 4 } });
  expect((await fresh()).refs()[0]).toEqual({
    name: "b",
    type: "branch",
    snapshotId: table.refs()[0]?.snapshotId,
    maxRefAgeMs: undefined,
    maxSnapshotAgeMs: 4,
    minSnapshotsToKeep: undefined,
  });
  table = await table.replaceRef("main", { retention: { minSnapshotsToKeep: 2 } });
  expect(await ids(await append(table, 3))).toEqual([1, 3]);
  expect((await fresh()).refs()[1]).toMatchObject({ name: "main", minSnapshotsToKeep: 2 });
});

test("what makes no sense is refused with the name of what is wrong", async () => {
  await expect(table.createBranch("early")).rejects.toMatchObject({ kind: "invalid-input" });
  table = await append(table, 1);
  table = await table.createTag("taken");
  for (const [attempt, kind] of [
    [() => table.createBranch("taken"), "invalid-input"],
    [() => table.createBranch("main"), "invalid-input"],
    [() => table.createBranch(""), "invalid-input"],
    [() => table.createBranch("a\nb"), "invalid-input"],
    [() => table.createTag("t", { retention: { minSnapshotsToKeep: 2 } }), "invalid-input"],
    [() => table.createTag("t", { retention: { maxRefAgeMs: 0 } }), "invalid-input"],
    [() => table.createTag("t", { snapshotId: 4n }), "snapshot-not-found"],
    [() => table.replaceRef("main", { retention: { maxRefAgeMs: 1 } }), "invalid-input"],
    [() => table.removeRef("main"), "invalid-input"],
    [() => table.removeRef("nobody"), "snapshot-not-found"],
    [() => table.onBranch("nobody"), "snapshot-not-found"],
    [() => table.fastForward("main", "nobody"), "snapshot-not-found"],
    [() => table.setCurrent(5n), "snapshot-not-found"],
  ] as const)
    await expect((async () => attempt())()).rejects.toMatchObject({ kind });
});

test("a branch removed while something was staged on it refuses the commit, and nothing is left of the attempt", async () => {
  table = await (await append(table, 1)).createBranch("b");
  const staged = await stage(await table.onBranch("b"), 2);
  await (await fresh()).removeRef("b");
  await expect(box.lakehouse.commit(staged)).rejects.toMatchObject({ kind: "snapshot-not-found" });
  await staged.discard();
  expect(await ids(await fresh(), { filter: where.gte("id", 0) })).toEqual([1]);
});
