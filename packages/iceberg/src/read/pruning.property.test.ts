import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { where, type Filter, type FilterValue, type PartitionBy, type Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";
import { filterSql, literalText } from "./filter.ts";

let box: TestLakehouse;
const tables: Table[] = [];
const VALUES: Record<string, FilterValue[]> = {
  n: [-5, 0, 3, 4, 7, 100],
  day: ["1969-12-31", "1970-01-01", "2026-02-28", "2026-03-01"],
  at: [
    "1969-12-31T23:30:00Z",
    "1970-01-01T00:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-03-29T01:00:00.000001Z",
    "2026-03-29T03:59:59+02:00",
  ],
  s: [
    "",
    "a",
    "ab",
    "b/=%",
    "__HIVE_DEFAULT_PARTITION__",
    "naïve",
    "aaaaaaaaaaaaaaaaaaaaaaaa",
    "\uff21",
    "\uff50",
    "😀",
    "😀😀",
  ],
  x: [-1.5, 0, 2, 1e300],
  amount: ["-0.05", "0.00", "12.34", "99999.99"],
};
const COLUMNS = Object.keys(VALUES);
const PARTITIONS: PartitionBy[][] = [
  [],
  [
    { column: "at", transform: "hour" },
    { column: "s", transform: "identity" },
  ],
  [
    { column: "at", transform: "day" },
    { column: "n", transform: "bucket[4]" },
  ],
  [
    { column: "day", transform: "month" },
    { column: "n", transform: "truncate[4]" },
  ],
  [
    { column: "day", transform: "identity" },
    { column: "amount", transform: "identity" },
  ],
  [
    { column: "at", transform: "year" },
    { column: "s", transform: "truncate[2]" },
    { column: "amount", transform: "truncate[50]" },
  ],
  [
    { column: "s", transform: "bucket[3]" },
    { column: "day", transform: "void" },
  ],
];

beforeAll(async () => {
  box = await openTestLakehouse();
  const list = (name: string, type: string): string =>
    `[NULL, ${VALUES[name]?.map((value) => `'${literalText(value)}'::${type}`).join(", ")}]`;
  await box.connection.run(`CREATE TABLE rows AS SELECT n::BIGINT AS n, day, at_ AS "at", s, x, amount FROM (
    SELECT unnest(${list("n", "BIGINT")}) AS n) CROSS JOIN (SELECT unnest(${list("s", "VARCHAR")}) AS s) CROSS JOIN (SELECT unnest(${list("day", "DATE")}) AS day)
    CROSS JOIN (SELECT unnest(${list("at", "TIMESTAMPTZ")}) AS at_) CROSS JOIN (SELECT unnest(list_append(${list("x", "DOUBLE")}, 'nan'::DOUBLE)) AS x)
    CROSS JOIN (SELECT unnest(${list("amount", "DECIMAL(9,2)")}) AS amount) WHERE hash(n, s, day, at_, x, amount) % 293 = 0`);
  for (const [index, partitionBy] of PARTITIONS.entries()) {
    let table = await box.lakehouse.createTable(
      { namespace: "pruning", name: `t${index}` },
      {
        schema: [
          { name: "n", type: "long" },
          { name: "day", type: "date" },
          { name: "at", type: "timestamptz" },
          { name: "s", type: "string" },
          { name: "x", type: "double" },
          { name: "amount", type: "decimal(9,2)" },
        ],
        partitionBy,
      },
    );
    for (const part of [0, 1])
      ({ table } = await box.lakehouse.commit(
        await table.stageAppend({
          connection: box.connection,
          query: `SELECT * FROM rows WHERE hash(s, n) % 2 = ${part}`,
        }),
      ));
    tables.push(table);
  }
}, 120_000);
afterAll(async () => box?.close());

const leaf: fc.Arbitrary<Filter> = fc.constantFrom(...COLUMNS).chain((column) =>
  fc.oneof(
    fc.record({
      op: fc.constantFrom("=" as const, "!=" as const, "<" as const, "<=" as const, ">" as const, ">=" as const),
      column: fc.constant(column),
      value: fc.constantFrom(...(VALUES[column] ?? [])),
    }),
    fc.record({
      op: fc.constant("in" as const),
      column: fc.constant(column),
      values: fc.subarray(VALUES[column] ?? []),
    }),
    fc.record({ op: fc.constantFrom("is-null" as const, "is-not-null" as const), column: fc.constant(column) }),
    fc.constant<Filter>({ op: "is-nan", column: "x" }),
    fc.record({
      op: fc.constant("starts-with" as const),
      column: fc.constant("s"),
      value: fc.constantFrom("", "a", "ab", "aaa", "aaaaaaaaaaaaaaaaaaaa", "b", "n", "\uff21", "😀", "zz"),
    }),
  ),
);
const { filter: anyFilter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.record({
      op: fc.constantFrom("and" as const, "or" as const),
      filters: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ op: fc.constant("not" as const), filter: tie("filter") }),
  ),
}));
const count = async (sql: string): Promise<number> =>
  Number((await box.connection.runAndReadAll(`SELECT count(*) FROM ${sql}`)).getRowsJson()[0]?.[0]);

test("a filter that prunes files returns exactly the rows it would return without pruning, for every partitioning", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(PARTITIONS.length - 1), anyFilter, async (index, filter) => {
      const table = tables[index] as Table;
      const schema = table.metadata.schemas[0] as never;
      const expected = await count(`rows WHERE ${filterSql(filter, schema)}`);
      expect(await count(await table.scan({ filter }).toSql())).toBe(expected);
      // Deleting by the filter drops whole files without reading them: what stays must be the rows it does not match.
      const staged = await table.stageDelete({ connection: box.connection, where: filter });
      expect(staged.summary.deletedRecords).toBe(expected);
      await staged.discard();
    }),
    { numRuns: 60 },
  );
}, 120_000);

test("empty text, null and the engine's own word for null are three different partitions", async () => {
  const table = tables[1] as Table;
  for (const value of ["", "__HIVE_DEFAULT_PARTITION__", "b/=%"])
    expect(await count(await table.scan({ filter: where.eq("s", value) }).toSql())).toBe(
      await count(`rows WHERE s = '${value}'`),
    );
  expect(await count(await table.scan({ filter: where.isNull("s") }).toSql())).toBe(
    await count("rows WHERE s IS NULL"),
  );
});

test("conditions that a column's type cannot answer are refused by name", () => {
  const table = tables[0] as Table;
  for (const filter of [where.isNaN("s"), where.startsWith("n", "1"), where.eq("nothing", 1)])
    expect(() => table.scan({ filter })).toThrow(expect.objectContaining({ kind: "invalid-input" }));
});

test("prefixes and exclusions leave out the files that cannot match", async () => {
  const byText = tables[1] as Table;
  const all = (await byText.scan().files()).length;
  expect((await byText.scan({ filter: where.startsWith("s", "aaa") }).files()).length).toBeLessThan(all / 4);
  expect((await byText.scan({ filter: where.notStartsWith("s", "a") }).files()).length).toBeLessThan(all);
  expect((await byText.scan({ filter: where.notIn("s", ["", "a", "ab"]) }).files()).length).toBeLessThan(all);
});

test("equality and IN open only the files of the buckets their values fall into", async () => {
  const byBucket = tables[6] as Table;
  const all = (await byBucket.scan().files()).length;
  const one = await byBucket.scan({ filter: where.eq("s", "naïve") }).files();
  const two = await byBucket.scan({ filter: where.isIn("s", ["naïve", "ab", "😀"]) }).files();
  expect(one.length).toBeLessThan(all);
  expect(two.length).toBeGreaterThanOrEqual(one.length);
  // Other conditions say nothing about buckets; null has a partition of its own.
  expect((await byBucket.scan({ filter: where.isNotNull("s") }).files()).length).toBeLessThan(all);
  expect(await count(await byBucket.scan({ filter: where.notEq("s", "naïve") }).toSql())).toBe(
    await count("rows WHERE s <> 'naïve'"),
  );
});
