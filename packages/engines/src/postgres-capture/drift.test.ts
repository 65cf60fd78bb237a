import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowsOf, until } from "./test-capture.ts";
import { type CapturedDatabase, type TestDatabases, testDatabases } from "./test-database.ts";

let databases: TestDatabases;

beforeAll(async () => {
  databases = await testDatabases();
}, 60_000);
afterAll(async () => {
  await databases.stop();
});

const keysOf = (database: CapturedDatabase, stream: string): (string | undefined)[] =>
  rowsOf(database.host, stream).flatMap((row) => (row.op === "t" ? [] : [row.key?.["id"]]));
const stateOf = async ({ host }: CapturedDatabase, stream: string): Promise<string | undefined> =>
  (await host.streams()).find((record) => record.stream === stream)?.state;

describe("drift", { timeout: 60_000 }, () => {
  test("is seen at the place of the first row of its kind, in the middle of a transaction", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY, total int, note text)");
    await database.start();
    await database.sql.query(`BEGIN; INSERT INTO t VALUES (1, 1, 'a');
      ALTER TABLE t RENAME total TO amount; INSERT INTO t VALUES (2, 2, 'b'); COMMIT`);
    await database.caughtUp();
    const rows = rowsOf(database.host, "public.t");
    expect(rows.map((row) => row.payload)).toEqual([
      { id: "1", total: "1", note: "a" },
      { id: "2", amount: "2", note: "b" },
    ]);
    expect(database.host.drift).toMatchObject([
      {
        stream: "public.t",
        change: { kind: "renamed", column: "total", newName: "amount" },
        state: "open",
        position: rows[1]?.position,
      },
    ]);
    await database.end();
  });

  test("while capture is down is seen once, and a restart sees it no second time", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY, total int)");
    const first = await database.start();
    await first.stop();
    await database.sql.query("ALTER TABLE t ALTER total TYPE text; INSERT INTO t VALUES (1, 'one')");
    const second = await database.start();
    await database.caughtUp();
    await second.stop();
    await database.start();
    await database.sql.query("INSERT INTO t VALUES (2, 'two')");
    await database.caughtUp();
    expect(database.host.drift.map((item) => [item.change.kind, item.change.from, item.change.to])).toEqual([
      ["retyped", "integer", "text"],
    ]);
    await database.end();
  });
});

describe("a table that appears while the source is captured", { timeout: 60_000 }, () => {
  test("is captured at once by the rule include", async () => {
    const database = await databases.make("");
    await database.start();
    await database.sql.query("CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late VALUES (1)");
    await database.caughtUp();
    expect(keysOf(database, "public.late")).toEqual(["1"]);
    expect(database.host.drift).toMatchObject([{ stream: "public.late", change: { kind: "table" }, state: "evolved" }]);
    await database.end();
  });

  test.each(["ask", "ignore"] as const)(
    "is held back by the rule %s, also over a restart, until it is resumed",
    async (rule) => {
      const database = await databases.make("");
      database.host.newTableRule = rule;
      const first = await database.start();
      await database.sql.query("CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late VALUES (1)");
      await database.caughtUp();
      await first.stop();
      await database.start();
      await database.sql.query("INSERT INTO late VALUES (2)");
      await database.caughtUp();
      expect(keysOf(database, "public.late")).toEqual([]);
      expect(await stateOf(database, "public.late")).toBe("paused");
      expect(database.host.drift).toMatchObject([{ state: rule === "ask" ? "open" : "ignored" }]);
      database.host.ask("public.late", "resume");
      await until("late to stream", async () => (await stateOf(database, "public.late")) === "streaming");
      await database.sql.query("INSERT INTO late VALUES (3)");
      await database.caughtUp();
      expect(new Set(keysOf(database, "public.late"))).toEqual(new Set(["1", "2", "3"]));
      await database.end();
    },
  );

  test("and is added to a publication of named tables by hand follows the same rule", async () => {
    const database = await databases.make(
      "CREATE TABLE late (id int PRIMARY KEY); INSERT INTO late VALUES (1); CREATE PUBLICATION nova_orders_db FOR TABLE nova_mark",
    );
    database.host.newTableRule = "ask";
    await database.start();
    await database.sql.query("ALTER PUBLICATION nova_orders_db ADD TABLE late");
    await until("late to be known", async () => (await stateOf(database, "public.late")) !== undefined);
    await database.sql.query("INSERT INTO late VALUES (2)");
    await database.caughtUp();
    expect(await stateOf(database, "public.late")).toBe("paused");
    expect(keysOf(database, "public.late")).toEqual([]);
    await database.end();
  });
});
