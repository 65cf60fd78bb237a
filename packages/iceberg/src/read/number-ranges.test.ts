import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DuckDBConnection } from "@duckdb/node-api";
import { groupRanges, numberRanges } from "./number-ranges.ts";

let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeAll(async () => {
  instance = await DuckDBInstance.create(":memory:");
  connection = await instance.connect();
});
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});

const among = (values: readonly (bigint | null)[]): string =>
  `(SELECT v FROM (VALUES ${values.map((value) => `(${value}::BIGINT)`).join(", ")}) t(v))`;

test("a few numbers far from the others have ranges of their own, and the widest gaps are cut first", async () => {
  const young = Array.from({ length: 500 }, (_, index) => 9_000_000n + BigInt(index) * 100n);
  expect(await numberRanges(connection, among([7n, null, 4_000_000n, ...young]), "v")).toMatchObject([
    { low: 7n, high: 7n },
    { low: 4_000_000n, high: 4_000_000n },
    { low: 9_000_000n, high: 9_049_900n },
  ]);
  const scattered = Array.from({ length: 40 }, (_, index) => BigInt(index) * 1_000_000n);
  const ranges = await numberRanges(connection, among([...scattered, 900_000_000n]), "v");
  expect(ranges).toHaveLength(12);
  expect(ranges.at(-1)).toMatchObject({ low: 900_000_000n, high: 900_000_000n });
  expect(await numberRanges(connection, "(SELECT 1 AS v WHERE false)", "v")).toEqual([]);
});

test("ranges hold every number of their group, do not overlap and are at most twelve", async () => {
  const number = fc.oneof(fc.bigInt(-200_000n, 200_000n), fc.bigInt(-(2n ** 60n), 2n ** 60n));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.bigInt(0n, 2n), number), { minLength: 1, maxLength: 60 }), async (rows) => {
      const relation = `(VALUES ${rows.map(([group, value]) => `(${group}, ${value})`).join(", ")}) t(g, v)`;
      const ranges = await groupRanges(connection, relation, { group: "g", number: "v" });
      for (const [group, value] of rows)
        expect(
          ranges.filter((range) => range.group === group && range.low <= value && value <= range.high),
        ).toHaveLength(1);
      for (const [, mine] of Map.groupBy(ranges, (range) => range.group)) expect(mine.length).toBeLessThanOrEqual(12);
    }),
    { numRuns: 60 },
  );
});
