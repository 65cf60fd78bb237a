import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { memoryCatalog } from "./catalogs/memory/index.ts";
import {
  executeCompaction,
  executeRewriteDeletes,
  executeRewriteManifests,
  openLakehouse,
  planCompaction,
  planRewriteDeletes,
  planRewriteManifests,
  type Filter,
  type Lakehouse,
  type PartitionBy,
  type Table,
} from "./index.ts";
import { folderStorage } from "./storage/folder/index.ts";

/** What the table should hold: rows as text values keyed by field id, which renames and drops do not touch. */
type Row = Record<number, string | null>;
interface Model {
  rows: Row[];
  columns: { id: number; name: string; type: string }[];
}
interface Past {
  snapshotId: bigint | null;
  rows: Row[];
}
type Step =
  | {
      op: "append" | "merge" | "overwrite";
      rows: { id: number; a: number | null; s: string | null; gone: boolean }[];
      below: number;
    }
  | { op: "delete"; below: number }
  | { op: "delete-keys"; ids: number[] }
  | { op: "add" | "drop" | "rename" | "promote"; pick: number }
  | { op: "maintain"; kind: number };

const rowArbitrary = fc.record({
  id: fc.integer({ min: 0, max: 30 }),
  a: fc.option(fc.integer({ min: -100, max: 100 }), { nil: null }),
  s: fc.option(
    fc.string({ unit: "grapheme", maxLength: 24 }).map((text) => text.replaceAll("\0", "")),
    { nil: null },
  ),
  gone: fc.boolean(),
});
const unique = fc.uniqueArray(rowArbitrary, { selector: (row) => row.id, maxLength: 12 });
const stepArbitrary: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constantFrom("append" as const, "merge" as const, "merge" as const, "overwrite" as const),
      rows: unique,
      below: fc.integer({ min: 0, max: 30 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("delete" as const), below: fc.integer({ min: 0, max: 30 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("delete-keys" as const),
      ids: fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 5 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constantFrom("add" as const, "drop" as const, "rename" as const, "promote" as const),
      pick: fc.nat(20),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("maintain" as const), kind: fc.nat(2) }) },
);
const PARTITIONS: PartitionBy[][] = [
  [],
  [{ column: "id", transform: "truncate[10]" }],
  [{ column: "id", transform: "bucket[3]" }],
  [{ column: "id", transform: "identity" }],
];
const MODE = fc.constantFrom("merge-on-read", "copy-on-write");

let folder: string;
let duckdb: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "iceberg-property-"));
  duckdb = await DuckDBInstance.create(":memory:");
  connection = await duckdb.connect();
});
afterAll(async () => {
  connection.closeSync();
  await rm(folder, { recursive: true, force: true });
});

const literal = (value: string | null, type: string): string =>
  value === null ? `CAST(NULL AS ${type})` : `CAST('${value.replaceAll("'", "''")}' AS ${type})`;
const SQL_TYPE: Record<string, string> = { int: "INTEGER", long: "BIGINT", string: "VARCHAR" };

function relation(columns: Model["columns"], rows: Row[], flags?: boolean[]): string {
  const names = [...columns.map((column) => `"${column.name}"`), ...(flags ? ["gone"] : [])];
  const tuples = rows.map(
    (row, index) =>
      `(${[...columns.map((column) => literal(row[column.id] ?? null, SQL_TYPE[column.type] as string)), ...(flags ? [String(flags[index])] : [])].join(", ")})`,
  );
  const nulls = [
    ...columns.map((column) => `CAST(NULL AS ${SQL_TYPE[column.type]})`),
    ...(flags ? ["false"] : []),
  ].join(", ");
  return rows.length === 0
    ? `SELECT * FROM (SELECT ${nulls}) t(${names.join(", ")}) WHERE false`
    : `SELECT * FROM (VALUES ${tuples.join(", ")}) t(${names.join(", ")})`;
}

async function contents(sql: string, columns: Model["columns"], extra: string[] = []): Promise<string[]> {
  const list = [...columns.map((column) => `"${column.name}"::VARCHAR`), ...extra].join(", ");
  const result = await connection.runAndReadAll(`SELECT ${list} FROM ${sql}`);
  return result
    .getRowsJson()
    .map((row) => JSON.stringify(row))
    .sort();
}
const expected = (model: Model): string[] =>
  model.rows.map((row) => JSON.stringify(model.columns.map((column) => row[column.id] ?? null))).sort();

async function perform(
  lakehouse: Lakehouse,
  table: Table,
  model: Model,
  step: Step,
): Promise<{ table: Table; model: Model }> {
  const { columns } = model;
  const idColumn = columns[0] as Model["columns"][number];
  const toRow = (row: { id: number; a: number | null; s: string | null }): Row =>
    Object.fromEntries(
      columns.map((column) => [
        column.id,
        column.id === idColumn.id
          ? String(row.id)
          : column.type === "string"
            ? row.s
            : row.a === null
              ? null
              : String(row.a),
      ]),
    );
  const idOf = (row: Row): number => Number(row[idColumn.id]);
  const commit = async (staged: Parameters<Lakehouse["commit"]>[0]): Promise<Table> =>
    (await lakehouse.commit(staged)).table;
  const below = (limit: number): Filter => ({ op: "<", column: idColumn.name, value: limit });
  switch (step.op) {
    case "append":
      return {
        table: await commit(await table.stageAppend({ connection, query: relation(columns, step.rows.map(toRow)) })),
        model: { ...model, rows: [...model.rows, ...step.rows.map(toRow)] },
      };
    case "merge": {
      const query = relation(
        columns,
        step.rows.map(toRow),
        step.rows.map((row) => row.gone),
      );
      const keys = new Set(step.rows.map((row) => row.id));
      const staged = await table.stageMerge({ connection, query, key: [idColumn.name], deleteColumn: "gone" });
      const replaced = model.rows.filter((row) => keys.has(idOf(row))).length;
      if (staged.summary.deletedRecords !== replaced)
        throw new Error(`summary says ${staged.summary.deletedRecords} deleted rows, not ${replaced}`);
      return {
        table: await commit(staged),
        model: {
          ...model,
          rows: [
            ...model.rows.filter((row) => !keys.has(idOf(row))),
            ...step.rows.filter((row) => !row.gone).map(toRow),
          ],
        },
      };
    }
    case "overwrite":
      return {
        table: await commit(
          await table.stageOverwrite({
            connection,
            query: relation(columns, step.rows.map(toRow)),
            where: step.below % 7 === 0 ? "all" : below(step.below),
          }),
        ),
        model: {
          ...model,
          rows: [
            ...model.rows.filter((row) => step.below % 7 !== 0 && idOf(row) >= step.below),
            ...step.rows.map(toRow),
          ],
        },
      };
    case "delete":
      return {
        table: await commit(await table.stageDelete({ connection, where: below(step.below) })),
        model: { ...model, rows: model.rows.filter((row) => idOf(row) >= step.below) },
      };
    case "delete-keys": {
      const query = `SELECT unnest([${step.ids.join(", ")}]) AS "${idColumn.name}"`;
      return {
        table: await commit(await table.stageDelete({ connection, keys: { query, columns: [idColumn.name] } })),
        model: { ...model, rows: model.rows.filter((row) => !step.ids.includes(idOf(row))) },
      };
    }
    case "maintain":
      return { table: await maintained(table, step.kind), model };
    default:
      return evolve(table, model, step.op, step.pick);
  }
}

/** Every kind of maintenance that must not change rows. */
async function maintained(table: Table, kind: number): Promise<Table> {
  if (kind === 0)
    return (
      await executeCompaction(table, await planCompaction(table, { minInputFiles: 2, deleteRatio: 0.01 }), {
        connection,
      })
    ).table;
  if (kind === 1)
    return (await executeRewriteDeletes(table, await planRewriteDeletes(table, { minInputFiles: 2 }), { connection }))
      .table;
  return (await executeRewriteManifests(table, await planRewriteManifests(table))).table;
}

async function evolve(
  table: Table,
  model: Model,
  op: "add" | "drop" | "rename" | "promote",
  pick: number,
): Promise<{ table: Table; model: Model }> {
  const index = 1 + (pick % Math.max(1, model.columns.length - 1));
  const target = model.columns[index];
  const update = table.updateSchema();
  if (op === "add") {
    const name = `c${pick % 4}`;
    if (model.columns.some((column) => column.name === name)) return { table, model };
    const next = await update.addColumn(name, pick % 2 ? "int" : "string").commit();
    const added = next.columns.at(-1);
    return {
      table: next,
      model: {
        ...model,
        columns: [...model.columns, { id: added?.id as number, name, type: pick % 2 ? "int" : "string" }],
      },
    };
  }
  if (!target) return { table, model };
  const others = model.columns.filter((column) => column !== target);
  if (op === "drop")
    return { table: await update.dropColumn(target.name).commit(), model: { ...model, columns: others } };
  if (op === "rename") {
    const name = `r${pick}`;
    if (model.columns.some((column) => column.name === name)) return { table, model };
    return {
      table: await update.renameColumn(target.name, name).commit(),
      model: { ...model, columns: model.columns.map((column) => (column === target ? { ...column, name } : column)) },
    };
  }
  if (target.type !== "int") return { table, model };
  return {
    table: await update.promote(target.name, "long").commit(),
    model: {
      ...model,
      columns: model.columns.map((column) => (column === target ? { ...column, type: "long" } : column)),
    },
  };
}

test("any sequence of changes leaves exactly the rows a plain list would hold, and changes() and difference() explain every step", async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...PARTITIONS),
      fc.record({ deletes: MODE, merges: MODE }),
      fc.array(stepArbitrary, { minLength: 1, maxLength: 10 }),
      async (partitionBy, modes, steps) => {
        number += 1;
        const lakehouse = openLakehouse({
          catalog: memoryCatalog(),
          storage: folderStorage(folder),
          duckdb,
          warehouse: folder,
        });
        let table = await lakehouse.createTable(
          { namespace: "p", name: `t${number}` },
          {
            schema: [
              { name: "id", type: "long" },
              { name: "a", type: "int" },
              { name: "s", type: "string" },
            ],
            key: ["id"],
            partitionBy,
            properties: {
              "commit.manifest.min-count-to-merge": "3",
              "write.delete.mode": modes.deletes,
              "write.merge.mode": modes.merges,
            },
          },
        );
        let model: Model = {
          rows: [],
          columns: table.columns.map((column) => ({
            id: column.id as number,
            name: column.name,
            type: column.type as string,
          })),
        };
        const past: Past[] = [{ snapshotId: null, rows: [] }];
        for (const step of steps) {
          ({ table, model } = await perform(lakehouse, table, model, step));
          expect(await contents(await table.scan().toSql(), model.columns)).toEqual(expected(model));
          past.push({ snapshotId: table.currentSnapshotId, rows: model.rows });
        }
        // A second reader that knows nothing but the files agrees.
        const stranger = await openLakehouse({
          catalog: { ...memoryCatalog(), currentMetadata: async () => table.metadataLocation },
          storage: folderStorage(folder),
          duckdb,
          warehouse: folder,
        }).loadTable(table.identifier);
        expect(await contents(await stranger.scan().toSql(), model.columns)).toEqual(expected(model));
        expect(table.metadata.snapshots.at(-1)?.summary["total-records"] ?? "0").toBe(
          String(await physicalRows(table)),
        );
        for (const before of past) await explains(table, model, before);
        for (const [index, one] of past.entries())
          await differs(table, one, past[(index * 7 + 3) % past.length] ?? one);
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);

async function physicalRows(table: Table): Promise<number> {
  return (await table.scan().files()).reduce((sum, file) => sum + file.recordCount, 0);
}

/** rows(now) = rows(then) + inserts − deletes, as multisets over the current columns. */
async function explains(table: Table, model: Model, before: Past): Promise<void> {
  const counts = new Map<string, number>();
  const add = (row: string, by: number): void => void counts.set(row, (counts.get(row) ?? 0) + by);
  for (const row of expected({ ...model, rows: before.rows })) add(row, 1);
  const changes = await table.changes({ from: before.snapshotId });
  for (const text of await contents(await changes.toSql(), model.columns, ["_change_type"])) {
    const row = JSON.parse(text) as string[];
    add(JSON.stringify(row.slice(0, -1)), row.at(-1) === "insert" ? 1 : -1);
  }
  for (const row of expected(model)) add(row, -1);
  expect([...counts].filter(([, count]) => count !== 0)).toEqual([]);
}

/** Any two snapshots, the later one first too: each is what its side of the difference returns and the rows they share. */
async function differs(table: Table, before: Past, after: Past): Promise<void> {
  const difference = await table.difference({ before: before.snapshotId, after: after.snapshotId });
  const columns = difference.before.columns.flatMap(({ id, name }) =>
    difference.after.columns.some((column) => column.id === id) ? [{ id: id as number, name, type: "" }] : [],
  );
  const ids = columns.map(({ id }) => id);
  const shared = await difference.sharedRows(connection);
  const counts = new Map<string, number>();
  const add = (row: string, by: number): void => void counts.set(row, (counts.get(row) ?? 0) + by);
  for (const [side, { rows }, by] of [
    [difference.before, before, 1],
    [difference.after, after, -1],
  ] as const) {
    const named = columns.map((column) => ({
      ...column,
      name: side.columns.find(({ id }) => id === column.id)?.name ?? "",
    }));
    const own = await contents(await side.toSql(ids, connection), named);
    expect(own.length + shared).toBe(rows.length);
    expect(own.length).toBeLessThanOrEqual(side.estimatedRows);
    for (const row of expected({ rows, columns })) add(row, by);
    for (const row of own) add(row, -by);
  }
  expect([...counts].filter(([, count]) => count !== 0)).toEqual([]);
}
