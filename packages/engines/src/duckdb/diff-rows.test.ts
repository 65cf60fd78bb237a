import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import {
  executeCompaction,
  executeExpireSnapshots,
  openLakehouse,
  planCompaction,
  planExpireSnapshots,
  type Table,
} from "@nova/iceberg";
import { memoryCatalog } from "@nova/iceberg/catalogs/memory";
import { folderStorage } from "@nova/iceberg/storage/folder";
import type { PiiTag } from "@nova/pipeline-core/catalog";
import type { Logger } from "@nova/pipeline-core/kernel";
import type { RowDiff } from "@nova/pipeline-core/orchestration";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { diffRows } from "./diff-rows.ts";
import { diffSummary, keptSnapshots } from "./diff-summary.ts";
import type { Lake } from "./lake.ts";
import { NO_OTHER_LAKES } from "./other-lakes.ts";
import { scanMeters } from "./scan-meter.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
let folder: string;
let connection: DuckDBConnection;
let lake: Lake;
let tables = 0;
const alone = NO_OTHER_LAKES;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nova-diff-"));
  const instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
  const lakehouse = openLakehouse({
    catalog: memoryCatalog(),
    storage: folderStorage(folder),
    duckdb: instance,
    warehouse: folder,
  });
  const clock = { now: () => new Date("2026-11-23T12:00:00Z") };
  lake = {
    lakehouse,
    instance,
    clock,
    logger: silent,
    nextNumber: () => (tables += 1),
    meters: scanMeters(),
    comparing: "by-cost",
  };
});
afterAll(async () => {
  connection.closeSync();
  await rm(folder, { recursive: true, force: true });
});

type Row = readonly [id: number, a: number | null, s: string | null];

function values(rows: readonly (Row | readonly [...Row, boolean])[]): string {
  const of = (value: number | string | boolean | null): string =>
    value === null ? "NULL" : typeof value === "string" ? `'${value}'` : String(value);
  const tuples = rows.map((row) => `(${row.map(of).join(", ")})`).join(", ");
  const names = `(id, a, s${rows[0]?.length === 4 ? ", gone" : ""})`;
  const typed = "CAST(id AS BIGINT) AS id, CAST(a AS INTEGER) AS a, CAST(s AS VARCHAR) AS s";
  return rows.length === 0
    ? "SELECT 1::BIGINT AS id, 1::INTEGER AS a, '' AS s WHERE false"
    : `SELECT ${typed}${rows[0]?.length === 4 ? ", gone" : ""} FROM (VALUES ${tuples}) t${names}`;
}

async function newTable(key: readonly string[] = ["id"]): Promise<{ dataset: string; table: Table }> {
  const name = `t${(tables += 1)}`;
  const table = await lake.lakehouse.createTable(
    { namespace: "curated", name },
    {
      schema: [
        { name: "id", type: "long", required: key.includes("id") },
        { name: "a", type: "int" },
        { name: "s", type: "string" },
      ],
      key: [...key],
    },
  );
  return { dataset: `curated.${name}`, table };
}

const commit = async (staged: Parameters<Lake["lakehouse"]["commit"]>[0]): Promise<Table> =>
  (await lake.lakehouse.commit(staged)).table;
const append = async (table: Table, rows: readonly Row[]): Promise<Table> =>
  commit(await table.stageAppend({ connection, query: values(rows) }));
const merge = async (table: Table, rows: readonly (readonly [...Row, boolean])[]): Promise<Table> =>
  commit(await table.stageMerge({ connection, query: values(rows), key: ["id"], deleteColumn: "gone" }));
const idOf = (table: Table): string => String(table.currentSnapshotId);

const OPEN: Record<string, PiiTag> = { id: "none", a: "none", s: "none" };

function diff(
  dataset: string,
  before: string | null,
  after: string,
  tags: Record<string, PiiTag> = OPEN,
  signal = new AbortController().signal,
): Promise<RowDiff> {
  return diffRows(lake, alone, { dataset, before, after, tags, maskSalt: "salt", signal, onPhase: () => undefined });
}

/** What two lists of rows with unique ids differ in, found the slow way. */
function naive(before: readonly Row[], after: readonly Row[]) {
  const was = new Map(before.map((row) => [row[0], row]));
  const is = new Map(after.map((row) => [row[0], row]));
  const both = after.filter(([id]) => was.has(id));
  const different = (place: 1 | 2): number => both.filter((row) => was.get(row[0])?.[place] !== row[place]).length;
  return {
    onlyBefore: before.filter(([id]) => !is.has(id)).length,
    onlyAfter: after.filter(([id]) => !was.has(id)).length,
    both: both.length,
    equal: both.filter((row) => JSON.stringify(was.get(row[0])) === JSON.stringify(row)).length,
    different: { a: different(1), s: different(2) },
  };
}

function counted({ onlyBefore, onlyAfter, both, equal, columns }: RowDiff) {
  const different = Object.fromEntries(columns.map((column) => [column.name, column.different]));
  return { onlyBefore, onlyAfter, both, equal, different };
}

const rowArbitrary = fc.tuple(
  fc.integer({ min: 0, max: 20 }),
  fc.option(fc.integer({ min: 0, max: 2 }), { nil: null }),
  fc.option(fc.constantFrom("", "x", "y"), { nil: null }),
  fc.boolean(),
);
const stepArbitrary = fc.oneof(
  { weight: 5, arbitrary: fc.uniqueArray(rowArbitrary, { selector: (row) => row[0], minLength: 1, maxLength: 10 }) },
  { weight: 1, arbitrary: fc.constant("compact" as const) },
);

test("the difference of any two snapshots is what comparing all their rows finds, in either direction", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(stepArbitrary, { minLength: 2, maxLength: 6 }), fc.nat(), async (steps, pick) => {
      const made = await newTable();
      let table = await append(made.table, [[99, 0, "stays"]]);
      let rows: Row[] = [[99, 0, "stays"]];
      const past = [{ snapshot: idOf(table), rows }];
      for (const step of steps) {
        if (step === "compact") {
          const plan = await planCompaction(table, { minInputFiles: 2, deleteRatio: 0.01 });
          ({ table } = await executeCompaction(table, plan, { connection }));
        } else {
          table = await merge(table, step);
          const ids = new Set(step.map(([id]) => id));
          const fresh = step.flatMap(([id, a, s, gone]): Row[] => (gone ? [] : [[id, a, s]]));
          rows = [...rows.filter(([id]) => !ids.has(id)), ...fresh];
        }
        past.push({ snapshot: idOf(table), rows });
      }
      const last = past.at(-1) as (typeof past)[number];
      const other = past[pick % past.length] as (typeof past)[number];
      expect(counted(await diff(made.dataset, other.snapshot, last.snapshot))).toEqual(naive(other.rows, last.rows));
      expect(counted(await diff(made.dataset, last.snapshot, other.snapshot))).toEqual(naive(last.rows, other.rows));
    }),
    { numRuns: 25 },
  );
}, 60_000);

test("a column shows how many of its values differ, with samples side by side", async () => {
  const { dataset, table } = await newTable();
  const before = await append(table, [[1, 10, "x"], [2, 20, "y"], [3, 30, "z"]]); // prettier-ignore
  const after = await merge(before, [[2, 21, "y", false], [3, 0, "", true], [4, 40, null, false]]); // prettier-ignore
  const found = await diff(dataset, idOf(before), idOf(after));
  expect(found).toMatchObject({ by: "key", onlyBefore: 1, onlyAfter: 1, both: 2, equal: 1, note: null });
  expect(found.columns).toEqual([
    {
      name: "a",
      nameBefore: "a",
      masked: false,
      different: 1,
      samples: [{ row: ["2"], before: "20", after: "21" }],
    },
    { name: "s", nameBefore: "s", masked: false, different: 0, samples: [] },
  ]);
  expect(found.shown).toEqual([{ name: "id", masked: false }]);
  expect([found.samplesOnlyBefore, found.samplesOnlyAfter]).toEqual([[["3"]], [["4"]]]);
});

test("personal values are compared as they are and shown masked, the key too", async () => {
  const { dataset, table } = await newTable();
  const before = await append(table, [[1, 10, "ana@shop.example"]]);
  const after = await merge(before, [[1, 11, "bea@shop.example", false]]);
  const found = await diff(dataset, idOf(before), idOf(after), { id: "indirect", s: "direct" });
  expect(JSON.stringify(found)).not.toMatch(/ana|bea|"10"|"11"|"1"/);
  const [email] = found.columns.filter(({ name }) => name === "s");
  expect(email).toMatchObject({ masked: true, different: 1 });
  expect(email?.samples[0]?.before).toMatch(/^•••/);
  expect(email?.samples[0]?.before).not.toBe(email?.samples[0]?.after);
  // What the catalog does not know is masked as directly personal: nothing of a number is left.
  expect(found.columns.find(({ name }) => name === "a")).toMatchObject({
    masked: true,
    different: 1,
    samples: [{ before: null, after: null }],
  });
});

test("a renamed and widened column is the same column; one that was made anew under the name is another", async () => {
  const { dataset, table } = await newTable();
  const before = await append(table, [[1, 10, "x"], [2, 20, "y"]]); // prettier-ignore
  const widened = await before.updateSchema().renameColumn("a", "amount").promote("amount", "long").commit();
  const other = await (
    await widened.updateSchema().dropColumn("s").commit()
  )
    .updateSchema()
    .addColumn("s", "int")
    .addColumn("extra", "string")
    .commit();
  const query = "SELECT 2::BIGINT AS id, 21::BIGINT AS amount, 5 AS s, 'e' AS extra";
  const after = await commit(await other.stageMerge({ connection, query, key: ["id"] }));
  const pair = { dataset, before: idOf(before), after: idOf(after) };
  expect((await diffSummary(lake, alone, pair)).schema).toEqual({
    added: [{ id: 5, name: "extra", type: "string" }],
    dropped: [],
    changed: [{ id: 2, name: "amount", nameBefore: "a", type: "long", typeBefore: "int" }],
    replaced: [{ name: "s", typeBefore: "string", type: "int" }],
  });
  expect(await diff(dataset, pair.before, pair.after)).toMatchObject({
    both: 2,
    equal: 1,
    columns: [{ name: "amount", nameBefore: "a", different: 1 }],
  });
  // The stricter of the two names counts.
  const tags: Record<string, PiiTag> = { id: "none", amount: "none", a: "direct" };
  expect((await diff(dataset, pair.before, pair.after, tags)).columns[0]).toMatchObject({ masked: true });
});

test("files that both snapshots have are not read", async () => {
  const { dataset, table } = await newTable();
  const query = "SELECT i AS id, 1 AS a, 'x' AS s FROM range(200000) t(i)";
  const before = await commit(await table.stageAppend({ connection, query }));
  const after = await merge(before, [[7, 2, "x", false]]);
  const found = await diff(dataset, idOf(before), idOf(after));
  expect(found).toMatchObject({ both: 200_000, equal: 199_999, onlyBefore: 0, onlyAfter: 0, rowsRead: 2 });
  expect(await diffSummary(lake, alone, { dataset, before: idOf(before), after: idOf(after) })).toMatchObject({
    snapshots: { before: { rows: 200_000, state: "kept" }, after: { rows: 200_000, state: "kept" } },
    rowsToRead: 2,
    key: ["id"],
  });
});

test("without a key, or where it is not unique, whole rows are compared as often as they stand there", async () => {
  const { dataset, table } = await newTable([]);
  const before = await append(table, [[1, 1, "x"], [1, 1, "x"]]); // prettier-ignore
  const after = await append(before, [[1, 1, "x"], [2, 2, "y"]]); // prettier-ignore
  const found = await diff(dataset, idOf(before), idOf(after));
  expect(found).toMatchObject({ by: "row", note: null, onlyBefore: 0, onlyAfter: 2, both: 2, equal: 2, columns: [] });
  expect(found.shown.map(({ name }) => name)).toEqual(["id", "a", "s"]);

  const keyed = await newTable();
  const once = await append(keyed.table, [[1, 1, "x"]]);
  const twice = await append(once, [[2, 2, "y"], [2, 3, "y"]]); // prettier-ignore
  expect(await diff(keyed.dataset, idOf(once), idOf(twice))).toMatchObject({
    by: "row",
    note: "Keys that are not unique: 1.",
    onlyAfter: 2,
  });
});

test("the first snapshot is compared with nothing", async () => {
  const { dataset, table } = await newTable();
  const first = await append(table, [[1, 1, "x"], [2, 2, "y"]]); // prettier-ignore
  expect(await diff(dataset, null, idOf(first))).toMatchObject({ onlyBefore: 0, onlyAfter: 2, both: 0 });
  expect(await diffSummary(lake, alone, { dataset, before: null, after: idOf(first) })).toMatchObject({
    snapshots: { before: { state: "empty", rows: 0 }, after: { state: "kept", rows: 2 } },
    schema: null,
  });
});

test("snapshots that are kept are listed newest first, upkeep told from rows", async () => {
  const { dataset, table } = await newTable();
  expect(await keptSnapshots(lake, dataset)).toEqual([]);
  const first = await append(table, [[1, 1, "x"]]);
  const second = await append(first, [[2, 2, "y"]]);
  const listed = await keptSnapshots(lake, dataset);
  expect(listed).toMatchObject([
    { snapshotId: idOf(second), rows: 2, wrote: "rows", current: true },
    { snapshotId: idOf(first), rows: 1, wrote: "rows", current: false },
  ]);
  expect(listed[0]?.committedAt).toBeInstanceOf(Date);
  expect(await keptSnapshots(lake, "curated.nowhere")).toEqual([]);
});

test("a snapshot that has expired is said to be so; the other one still tells what it can", async () => {
  const { dataset, table } = await newTable();
  const old = await append(table, [[1, 1, "x"]]);
  const now = await append(old, [[2, 2, "y"]]);
  await executeExpireSnapshots(now, await planExpireSnapshots(now, { olderThan: Date.now() + 60_000, keepLast: 1 }));
  const pair = { dataset, before: idOf(old), after: idOf(now) };
  expect(await diffSummary(lake, alone, pair)).toMatchObject({
    snapshots: { before: { state: "expired", rows: null }, after: { state: "kept", rows: 2 } },
    schema: null,
    rowsToRead: null,
  });
  await expect(diff(dataset, pair.before, pair.after)).rejects.toMatchObject({
    kind: "not-found",
    message: expect.stringContaining("has expired"),
  });
});

test("a comparison that is cancelled ends and says so", async () => {
  const { dataset, table } = await newTable();
  const first = await append(table, [[1, 1, "x"]]);
  const controller = new AbortController();
  controller.abort();
  await expect(diff(dataset, null, idOf(first), OPEN, controller.signal)).rejects.toMatchObject({ kind: "cancelled" });
});
