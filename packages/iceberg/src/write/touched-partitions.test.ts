import { afterEach, beforeEach, expect, test } from "vitest";
import type { PartitionBy, StagedChange, Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
beforeEach(async () => void (box = await openTestLakehouse()));
afterEach(async () => box.close());

const commit = async (staged: StagedChange): Promise<Table> => (await box.lakehouse.commit(staged)).table;
const rows = async (table: Table): Promise<string[]> =>
  (
    (await box.rows((await box.stranger().loadTable(table.identifier)).scan(), "day, id")) as {
      day: string | null;
      id: string;
    }[]
  ).map((row) => `${row.day} ${row.id}`);
const overwrite = async (table: Table, query: string): Promise<StagedChange> =>
  table.stageOverwrite({ connection: box.connection, query, where: "touched-partitions" });

async function threeDays(partitionBy: PartitionBy[]): Promise<Table> {
  const table = await box.lakehouse.createTable(
    { namespace: "n", name: "t" },
    {
      schema: [
        { name: "day", type: "date" },
        { name: "id", type: "long" },
      ],
      partitionBy,
    },
  );
  const query =
    "SELECT * FROM (VALUES (DATE '2026-01-01', 1), (DATE '2026-01-01', 2), (DATE '2026-02-01', 3), (NULL, 4)) t(day, id)";
  return commit(await table.stageAppend({ connection: box.connection, query }));
}

test("an overwrite of touched partitions replaces those the query has rows of, the null one too, and leaves the others", async () => {
  const table = await threeDays([{ column: "day", transform: "month" }]);
  const staged = await overwrite(table, "SELECT DATE '2026-01-15' AS day, 10 AS id UNION ALL SELECT NULL, 11");
  expect(staged.summary).toMatchObject({ operation: "overwrite", addedRecords: 2, deletedRecords: 3, removedFiles: 2 });
  expect(await rows(await commit(staged))).toEqual(["2026-01-15 10", "2026-02-01 3", "null 11"]);
});

test("an overwrite of touched partitions by a query without rows changes nothing", async () => {
  const table = await threeDays([{ column: "day", transform: "month" }]);
  const staged = await overwrite(table, "SELECT DATE '2026-01-15' AS day, 10 AS id WHERE false");
  expect(staged.summary).toMatchObject({ deletedRecords: 0, removedFiles: 0 });
  expect(await rows(await commit(staged))).toHaveLength(4);
});

test("tables without partitions, and files of an older partitioning, are refused instead of guessed about", async () => {
  const plain = await threeDays([]);
  await expect(overwrite(plain, "SELECT NULL AS day, 1 AS id")).rejects.toMatchObject({ kind: "invalid-input" });
  const parted = await plain.updateSpec().addField("day", "month").commit();
  await expect(overwrite(parted, "SELECT NULL AS day, 1 AS id")).rejects.toMatchObject({
    kind: "unsupported-feature",
    message: expect.stringContaining("overwrite by a filter"),
  });
  expect(await rows(parted)).toHaveLength(4);
});
