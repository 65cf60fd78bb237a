import { afterAll, beforeAll, expect, test } from "vitest";
import { CRASH_CATALOG, type Death, FAILPOINTS, runCrashing } from "./crash-process.ts";
import { executeOrphanFiles, planOrphanFiles } from "./index.ts";
import { type JdbcTestLakehouse, openJdbcTestLakehouse } from "./test-jdbc-lakehouse.ts";

const id = { namespace: "crash", name: "rows" };
const SCRIPT = new URL("./crash-writer.ts", import.meta.url);
let lake: JdbcTestLakehouse;

beforeAll(async () => {
  lake = await openJdbcTestLakehouse(CRASH_CATALOG);
  await lake.pool.query("CREATE TABLE commits (batch text PRIMARY KEY, merged boolean)");
  await lake.lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "string" },
      { name: "batch", type: "string" },
    ],
    key: ["id"],
    properties: { "commit.retry.num-retries": "50" },
  });
}, 120_000);
afterAll(() => lake.close());

const write = (writer: string, batches: number, failpoint: Death["failpoint"], after: number) =>
  runCrashing(SCRIPT, lake, { failpoint, after }, writer, batches);

/** The rows PostgreSQL says were committed are the rows of the table: nothing lost, nothing doubled. */
async function agrees(): Promise<void> {
  const { rows } = await lake.pool.query<{ batch: string; merged: boolean }>("SELECT batch, merged FROM commits");
  const expected = new Map<string, string>();
  const order = (batch: string): number => Number(batch.split("-").at(-1));
  for (const { batch, merged } of rows.toSorted((a, b) => order(a.batch) - order(b.batch))) {
    const writer = batch.slice(0, batch.lastIndexOf("-"));
    for (let i = 0; i < 5; i += 1) expected.set(merged ? `${writer}-${i}` : `${writer}-${i}${order(batch)}`, batch);
  }
  const table = await lake.lakehouse.loadTable(id);
  const found = (
    await lake.connection.runAndReadAll(`SELECT id, batch FROM ${await table.scan().toSql()}`)
  ).getRowsJson() as [string, string][];
  expect(found).toHaveLength(expected.size);
  expect(new Map(found)).toEqual(expected);
}

test.each(FAILPOINTS)(
  "a writer killed at %s loses and doubles nothing",
  async (failpoint) => {
    expect(await write(`k-${failpoint}`, 4, failpoint, 2)).toBe("SIGKILL");
    await agrees();
  },
  120_000,
);

test("three processes write at once and two of them are killed: the table agrees with PostgreSQL, and the orphan pass finds every leftover", async () => {
  const ended = await Promise.all([
    write("a", 6, "metadata-written", 4),
    write("b", 6, "pointer-swapped", 3),
    write("c", 6, "none", 1),
  ]);
  expect(ended).toEqual(["SIGKILL", "SIGKILL", 0]);
  await agrees();
  const table = await lake.lakehouse.loadTable(id);
  const plan = await planOrphanFiles(table, { olderThan: Date.now() + 120_000, force: true });
  expect(plan.files.length).toBeGreaterThan(0);
  await executeOrphanFiles(table, plan);
  await agrees();
  expect((await planOrphanFiles(table, { olderThan: Date.now() + 120_000, force: true })).files).toEqual([]);
}, 120_000);
