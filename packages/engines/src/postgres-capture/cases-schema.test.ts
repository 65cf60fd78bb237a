import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowsOf, until } from "./test-capture.ts";
import { type TestDatabases, testDatabases } from "./test-database.ts";

/** Cases of docs/capture.md about schemas that change, transactions, and size; each test names its case's number. */
let databases: TestDatabases;

beforeAll(async () => {
  databases = await testDatabases({ logical_decoding_work_mem: "64kB", max_locks_per_transaction: "256" });
}, 60_000);
afterAll(async () => {
  await databases.stop();
});

const versionsOf = (database: Awaited<ReturnType<TestDatabases["make"]>>, stream: string): (number | undefined)[] =>
  database.host.rows.stream.flatMap((each, index) =>
    each === stream ? [database.host.rows.schemaVersion[index]] : [],
  );

describe("schemas that change", { timeout: 60_000 }, () => {
  test("20, 24: one ALTER with many parts, renames, and changes of schema between changes of rows in one transaction", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY, a int, b text)");
    await database.start();
    await database.sql.query(`BEGIN; INSERT INTO t VALUES (1, 1, 'x');
      ALTER TABLE t ADD COLUMN c numeric(6,2) DEFAULT 1.5, DROP COLUMN b, ALTER a TYPE text USING 'n' || a;
      INSERT INTO t VALUES (2, 'two', 2); ALTER TABLE t RENAME a TO renamed; INSERT INTO t VALUES (3, 'three', 3); COMMIT`);
    await database.sql.query("ALTER TABLE t RENAME TO moved; INSERT INTO moved VALUES (4, 'four', 4)");
    await database.caughtUp();
    // Retyping rewrites the table: the rewrite itself is no change of rows.
    expect(rowsOf(database.host, "public.t").map((row) => row.payload)).toEqual([
      { id: "1", a: "1", b: "x" },
      { id: "2", a: "two", c: "2.00" },
      { id: "3", renamed: "three", c: "3.00" },
    ]);
    expect(versionsOf(database, "public.t")).toEqual([1, 2, 3]);
    expect(database.told("public.moved")).toEqual([["c", { id: "4" }, { id: "4", renamed: "four", c: "4.00" }]]);
    await database.end();
  });

  test("21, 27: changed while capture was down, several times, with and without rows", async () => {
    const database = await databases.make(
      "CREATE TABLE t (id int PRIMARY KEY, a int); CREATE TABLE quiet (id int PRIMARY KEY)",
    );
    const first = await database.start();
    await database.sql.query("INSERT INTO t VALUES (1, 1)");
    await database.caughtUp();
    await first.stop();
    await database.sql.query(
      "INSERT INTO t VALUES (2, 2); ALTER TABLE t ADD COLUMN b text; ALTER TABLE quiet ADD COLUMN later int",
    );
    await database.sql.query(
      "INSERT INTO t VALUES (3, 3, 'b'); ALTER TABLE t DROP COLUMN a; ALTER TABLE t ADD COLUMN a date",
    );
    const second = await database.start();
    await database.caughtUp();
    await second.stop();
    await database.start();
    await database.sql.query("INSERT INTO t VALUES (4, 'c', '2026-01-01')");
    await database.caughtUp();
    expect(rowsOf(database.host, "public.t").map((row) => row.payload)).toEqual([
      { id: "1", a: "1" },
      { id: "2", a: "2" },
      { id: "3", a: "3", b: "b" },
      { id: "4", b: "c", a: "2026-01-01" },
    ]);
    expect(versionsOf(database, "public.t")).toEqual([1, 1, 2, 3]);
    await database.end();
  });

  test("22, 25: a column dropped and made again with another type, an enum's new value, another order of the key", async () => {
    const database = await databases.make(
      "CREATE TYPE mood AS ENUM ('sad'); CREATE TABLE t (a int, b int, v text, m mood, PRIMARY KEY (a, b))",
    );
    await database.start();
    await database.sql.query("INSERT INTO t VALUES (1, 2, 'text', 'sad')");
    await database.sql.query(
      "ALTER TABLE t DROP COLUMN v; ALTER TABLE t ADD COLUMN v int; ALTER TYPE mood ADD VALUE 'glad'",
    );
    await database.sql.query("INSERT INTO t VALUES (1, 3, 'glad', 7)");
    await database.sql.query(
      "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (b, a); INSERT INTO t VALUES (1, 4, 'sad', 8)",
    );
    await database.caughtUp();
    expect(database.told("public.t").map((row) => (row as unknown[])[2])).toEqual([
      { a: "1", b: "2", v: "text", m: "sad" },
      { a: "1", b: "3", m: "glad", v: "7" },
      { a: "1", b: "4", m: "sad", v: "8" },
    ]);
    const schema = (await database.host.streams()).find((record) => record.stream === "public.t")?.schema;
    expect(schema?.columns.find((column) => column.name === "v")?.sourceType).toBe("integer");
    await database.end();
  });

  test("28: a crash between the new schema and its rows makes neither twice", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY)");
    const capture = await database.start();
    database.host.beforeCommit = (batch) => {
      if (batch.counts.some((count) => count.stream === "public.t")) throw new Error("killed");
    };
    await database.sql.query("ALTER TABLE t ADD COLUMN a int; INSERT INTO t VALUES (1, 1)");
    await capture.ended;
    database.host.beforeCommit = () => undefined;
    await database.start();
    await database.caughtUp();
    expect(database.told("public.t")).toEqual([["c", { id: "1" }, { id: "1", a: "1" }]]);
    expect(versionsOf(database, "public.t")).toEqual([2]);
    await database.end();
  });
});

describe("transactions", { timeout: 60_000 }, () => {
  test("30, 34: a restart inside an open transaction, and after a log message that is no row, loses nothing", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY)");
    const first = await database.start();
    await database.sql.query("BEGIN; INSERT INTO t VALUES (1)");
    await first.stop();
    await until(
      "the slot to be free",
      async () =>
        (
          await database.sql.query("SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND NOT active", [
            database.slot,
          ])
        ).rowCount === 1,
    );
    const second = await database.start();
    await database.sql.query("INSERT INTO t VALUES (2); SELECT pg_logical_emit_message(true, 'x', 'y'); COMMIT");
    await database.sql.query("SELECT pg_logical_emit_message(false, 'x', 'y')");
    await database.caughtUp();
    await second.stop();
    await database.sql.query("SELECT pg_logical_emit_message(true, 'x', 'y'); INSERT INTO t VALUES (3)");
    await database.start();
    await database.caughtUp();
    expect(database.told("public.t").map((row) => (row as unknown[])[1])).toEqual([
      { id: "1" },
      { id: "2" },
      { id: "3" },
    ]);
    await database.end();
  });

  test("1.3: rows of an aborted savepoint never come, however large, when decoding spills to disk", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY, pad text)");
    await database.start();
    await database.sql
      .query(`BEGIN; INSERT INTO t VALUES (1); SAVEPOINT s; INSERT INTO t SELECT n, repeat('x', 500) FROM generate_series(1000, 3000) n;
      ROLLBACK TO s; INSERT INTO t SELECT n, repeat('y', 500) FROM generate_series(5000, 5500) n; COMMIT`);
    await database.caughtUp();
    expect(rowsOf(database.host, "public.t")).toHaveLength(502);
    await database.end();
  });
});

describe("size", { timeout: 60_000 }, () => {
  test("46, 1.3: 160 tables through one slot, some of them of 1,500 columns", async () => {
    const wide = Array.from({ length: 1_500 }, (_, index) => `c${index} int`).join(", ");
    const database =
      await databases.make(`DO $$ BEGIN FOR n IN 1..160 LOOP EXECUTE format('CREATE TABLE many_%s (id int PRIMARY KEY, v text); INSERT INTO many_%s VALUES (1, ''r'')', n, n); END LOOP; END $$;
      CREATE TABLE wide (id int PRIMARY KEY, ${wide}); INSERT INTO wide VALUES (1)`);
    await database.start();
    await database.sql.query(
      "DO $$ BEGIN FOR n IN 1..160 LOOP EXECUTE format('UPDATE many_%s SET v = ''u''', n); END LOOP; END $$",
    );
    await database.sql.query("UPDATE wide SET c0 = 1, c1499 = 2");
    await database.caughtUp();
    const ops = new Map<string, string>();
    for (const row of rowsOf(database.host))
      if (row.stream.startsWith("public.many_")) ops.set(row.stream, (ops.get(row.stream) ?? "") + row.op);
    expect(ops.size).toBe(160);
    expect(new Set(ops.values())).toEqual(new Set(["ru"]));
    const last = rowsOf(database.host, "public.wide").at(-1);
    expect(Object.keys(last?.payload ?? {})).toHaveLength(1_501);
    expect(last?.payload).toMatchObject({ c0: "1", c700: null, c1499: "2" });
    await database.end();
  });
});
