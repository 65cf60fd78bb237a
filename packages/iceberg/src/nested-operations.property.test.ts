import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  executeCompaction,
  planCompaction,
  where,
  type ColumnType,
  type PartitionBy,
  type SchemaColumn,
  type Table,
} from "./index.ts";
import { openTestLakehouse, type TestLakehouse } from "./test-lakehouse.ts";

/**
 * The oracle keeps every row as a value of field ids, which no schema change touches: a struct is a map from ids to
 * values, a list an array, a map an array of pairs. Text values keep them comparable whatever type they are promoted to.
 */
type Value = string | null | Value[] | { [id: number]: Value };
type Row = { [id: number]: Value };

let box: TestLakehouse;
beforeAll(async () => {
  box = await openTestLakehouse();
});
afterAll(async () => box.close());

const leaf = fc.constantFrom("int", "string", "float", "decimal(6,2)");
const names = ["a", "b", "c", "d", "e", "f"];
const typeArbitrary: fc.Arbitrary<ColumnType> = fc.letrec<{ type: ColumnType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, depthIdentifier: "type" },
    leaf,
    fc.array(tie("type"), { minLength: 1, maxLength: 3, depthIdentifier: "type" }).map((types) => ({
      type: "struct" as const,
      fields: types.map((type, at) => ({ name: names[at] as string, type })),
    })),
    tie("type").map((element) => ({ type: "list" as const, element })),
    tie("type").map((value) => ({ type: "map" as const, key: "string", value })),
  ),
})).type;

/** What a step does is drawn from these numbers, by the schema it meets. */
const stepArbitrary = fc.record({
  op: fc.constantFrom(
    "append",
    "append",
    "merge",
    "delete",
    "add",
    "drop",
    "rename",
    "promote",
    "move",
    "spec",
    "sort",
    "compact",
  ),
  pick: fc.nat(1000),
  type: typeArbitrary,
});
type Step = typeof stepArbitrary extends fc.Arbitrary<infer S> ? S : never;

interface Place {
  readonly path: string;
  readonly column: SchemaColumn;
}

/** Fields of structs at any depth, columns included; nothing below a map's key. */
function fieldsOf(columns: readonly SchemaColumn[]): Place[] {
  const inType = (type: ColumnType, path: string): Place[] => {
    if (typeof type === "string") return [];
    if (type.type === "struct") return type.fields.flatMap((field) => one(field, `${path}.${field.name}`));
    return type.type === "list" ? inType(type.element, `${path}.element`) : inType(type.value, `${path}.value`);
  };
  const one = (column: SchemaColumn, path: string): Place[] => [{ path, column }, ...inType(column.type, path)];
  return columns.flatMap((column) => one(column, column.name));
}

/** A value of a type, small enough to survive every promotion, as the oracle has it. */
function valueOf(type: ColumnType, seed: number): Value {
  if (seed % 5 === 0) return null;
  if (typeof type === "string") return type === "string" ? `s${seed}` : String(seed % 100);
  if (type.type === "struct")
    return Object.fromEntries(
      type.fields.map((field, at) => [field.id as number, valueOf(field.type, seed * 7 + at + 1)]),
    );
  if (type.type === "list") return Array.from({ length: seed % 3 }, (_, at) => valueOf(type.element, seed * 3 + at));
  return Array.from({ length: seed % 3 }, (_, at) => [`k${at}`, valueOf(type.value, seed * 5 + at)]);
}

const SQL: Record<string, string> = {
  int: "INTEGER",
  long: "BIGINT",
  string: "VARCHAR",
  float: "FLOAT",
  double: "DOUBLE",
};
function sqlType(type: ColumnType): string {
  if (typeof type === "string") return SQL[type] ?? type;
  if (type.type === "struct")
    return `STRUCT(${type.fields.map((field) => `"${field.name}" ${sqlType(field.type)}`).join(", ")})`;
  return type.type === "list" ? `${sqlType(type.element)}[]` : `MAP(${sqlType(type.key)}, ${sqlType(type.value)})`;
}
function literal(type: ColumnType, value: Value): string {
  if (value === null || value === undefined) return `CAST(NULL AS ${sqlType(type)})`;
  if (typeof type === "string") return `CAST('${value as string}' AS ${sqlType(type)})`;
  if (type.type === "struct") {
    const own = value as { [id: number]: Value };
    return `{${type.fields.map((field) => `'${field.name}': ${literal(field.type, own[field.id as number] ?? null)}`).join(", ")}}`;
  }
  if (type.type === "list")
    return `CAST([${(value as Value[]).map((one) => literal(type.element, one)).join(", ")}] AS ${sqlType(type)})`;
  const pairs = value as [string, Value][];
  return `CAST(MAP {${pairs.map(([key, one]) => `'${key}': ${literal(type.value, one)}`).join(", ")}} AS ${sqlType(type)})`;
}
const relation = (columns: readonly SchemaColumn[], rows: readonly Row[]): string =>
  rows
    .map(
      (row) =>
        `SELECT ${columns.map((column) => `${literal(column.type, row[column.id as number] ?? null)} AS "${column.name}"`).join(", ")}`,
    )
    .join(" UNION ALL ");

/** The table's rows as the engine returns them, and the oracle's rows in the same form. */
async function contents(table: Table, sql?: string): Promise<string[]> {
  const result = await box.connection.runAndReadAll(
    `SELECT to_json(t) FROM (SELECT * FROM ${sql ?? (await table.scan().toSql())}) t`,
  );
  return result
    .getRowsJson()
    .map((row) => row[0] as string)
    .sort();
}
async function expected(table: Table, rows: readonly Row[]): Promise<string[]> {
  if (rows.length === 0) return [];
  return contents(table, `(${relation(table.columns, rows)})`);
}

const PROMOTIONS: Record<string, string> = { int: "long", float: "double", "decimal(6, 2)": "decimal(12, 2)" };

async function perform(
  table: Table,
  rows: Row[],
  step: Step,
  fresh: () => number,
): Promise<{ table: Table; rows: Row[] }> {
  const { connection, lakehouse } = box;
  const { columns } = table;
  const id = columns.find((column) => column.name === "id") as SchemaColumn;
  const key = id.id as number;
  const made = (identity: number, seed: number): Row => ({
    ...Object.fromEntries(columns.map((column, at) => [column.id as number, valueOf(column.type, seed + at * 13)])),
    [key]: String(identity),
  });
  const fields = fieldsOf(columns).filter((place) => place.path !== "id");
  const target = fields[step.pick % Math.max(1, fields.length)];
  const known = new Set(fieldsOf(columns).map((place) => place.path));
  const levelOf = (path: string): string => path.slice(0, path.lastIndexOf(".") + 1);
  const alone = (place: Place): boolean =>
    [...known].filter((path) => levelOf(path) === levelOf(place.path)).length === 1;
  switch (step.op) {
    case "append": {
      const added = [0, 1, 2].map((at) => made(fresh(), step.pick + at));
      return {
        table: (await lakehouse.commit(await table.stageAppend({ connection, query: relation(columns, added) }))).table,
        rows: [...rows, ...added],
      };
    }
    case "merge": {
      const old = rows[step.pick % Math.max(1, rows.length)];
      const changed = [made(old ? Number(old[key]) : fresh(), step.pick + 3), made(fresh(), step.pick + 4)];
      const keys = new Set(changed.map((row) => row[key]));
      const staged = await table.stageMerge({ connection, query: relation(columns, changed), key: ["id"] });
      return {
        table: (await lakehouse.commit(staged)).table,
        rows: [...rows.filter((row) => !keys.has(row[key])), ...changed],
      };
    }
    case "delete": {
      const limit = step.pick % 10;
      const staged = await table.stageDelete({ connection, where: where.lt("id", limit) });
      return { table: (await lakehouse.commit(staged)).table, rows: rows.filter((row) => Number(row[key]) >= limit) };
    }
    case "compact":
      return {
        table: (
          await executeCompaction(table, await planCompaction(table, { minInputFiles: 2, deleteRatio: 0.01 }), {
            connection,
          })
        ).table,
        rows,
      };
    case "add": {
      const holders = [
        "",
        ...fields
          .filter((place) => typeof place.column.type !== "string" && place.column.type.type === "struct")
          .map((place) => `${place.path}.`),
      ];
      const path = `${holders[step.pick % holders.length]}${names[step.pick % names.length]}`;
      return known.has(path)
        ? { table, rows }
        : { table: await table.updateSchema().addColumn(path, step.type).commit(), rows };
    }
    case "drop":
      return !target || alone(target)
        ? { table, rows }
        : { table: await table.updateSchema().dropColumn(target.path).commit(), rows };
    case "rename": {
      const to = names[(step.pick >> 3) % names.length] as string;
      return !target || known.has(levelOf(target.path) + to)
        ? { table, rows }
        : { table: await table.updateSchema().renameColumn(target.path, to).commit(), rows };
    }
    case "move":
      return target
        ? { table: await table.updateSchema().moveColumn(target.path, null).commit(), rows }
        : { table, rows };
    case "promote": {
      const to = target && typeof target.column.type === "string" ? PROMOTIONS[target.column.type] : undefined;
      return target && to
        ? { table: await table.updateSchema().promote(target.path, to).commit(), rows }
        : { table, rows };
    }
    case "spec": {
      const transforms: PartitionBy["transform"][] = ["bucket[3]", "truncate[4]", "identity", "void"];
      const [present] = table.partitioning;
      const update = present ? table.updateSpec().removeField(present.name) : table.updateSpec();
      return {
        table: await (
          present && step.pick % 3 === 0
            ? update
            : update.addField("id", transforms[step.pick % 4] as PartitionBy["transform"], `p${step.pick % 2}`)
        )
          .commit()
          .catch(async (error: unknown) => {
            if (/already/.test(String(error))) return table;
            throw error;
          }),
        rows,
      };
    }
    default:
      return {
        table: await table.replaceSortOrder(
          step.pick % 3 === 0 ? [] : [{ column: "id", direction: step.pick % 2 ? "asc" : "desc" }],
        ),
        rows,
      };
  }
}

test("any nested schema, however it, its partitioning and its order change, keeps every value under its field id", async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(typeArbitrary, { minLength: 1, maxLength: 3 }),
      fc.array(stepArbitrary, { minLength: 4, maxLength: 14 }),
      async (types, steps) => {
        let [next, seen] = [0, ""];
        let table = await box.lakehouse.createTable(
          { namespace: "nested", name: `t${(number += 1)}` },
          {
            schema: [{ name: "id", type: "long" }, ...types.map((type, at) => ({ name: `x${at}`, type }))],
            key: ["id"],
          },
        );
        let rows: Row[] = [];
        for (const step of [{ op: "append" as const, pick: 1, type: "int" }, ...steps]) {
          ({ table, rows } = await perform(table, rows, step, () => (next += 1)));
          seen += ` ${step.op}`;
          expect(await contents(table), seen).toEqual(await expected(table, rows));
        }
        const stranger = await box.stranger().loadTable(table.identifier);
        expect(await contents(stranger)).toEqual(await expected(table, rows));
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);
