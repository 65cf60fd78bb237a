import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foldedRows, rowsOf, until } from "./test-capture.ts";
import { type CapturedDatabase, type TestDatabases, testDatabases } from "./test-database.ts";
import { connect } from "./test-server.ts";

let databases: TestDatabases;

beforeAll(async () => {
  databases = await testDatabases();
}, 60_000);
afterAll(async () => {
  await databases.stop();
});

const ITEMS =
  "CREATE TABLE items (id int PRIMARY KEY, amount int NOT NULL, body text); ALTER TABLE items ALTER body SET STORAGE EXTERNAL";

async function settled(database: CapturedDatabase, id: string): Promise<string> {
  await until(`request ${id}`, () => database.host.settled.has(id));
  const outcome = database.host.settled.get(id);
  return `${outcome?.state}: ${outcome?.message}`;
}

async function source(database: CapturedDatabase, table = "items"): Promise<Map<string, unknown>> {
  const { rows } = await database.sql.query<Record<string, unknown>>(
    `SELECT id::text, amount::text, body FROM ${table} ORDER BY ${table}.id`,
  );
  return new Map(rows.map((row) => [JSON.stringify({ id: row["id"] }), row]));
}

const sorted = (rows: Map<string, unknown>): unknown[] =>
  [...rows].toSorted(([left], [right]) => Number(JSON.parse(left).id) - Number(JSON.parse(right).id));

const stateOf = async (database: CapturedDatabase, stream: string): Promise<string | undefined> =>
  (await database.host.streams()).find((record) => record.stream === stream)?.state;

/** Inserts, updates that leave the wide value alone, deletes and key changes, until told to stop. */
async function traffic(url: string, stop: () => boolean): Promise<number> {
  const sql = await connect(url);
  let round = 0;
  for (; !stop(); round += 1) {
    await sql.query("UPDATE items SET amount = amount + 1 WHERE id % 40 = $1::int % 40", [round]);
    await sql.query(
      "BEGIN; INSERT INTO items SELECT 100000 + $1::int * 3 + n, n, repeat('n', 3000) FROM generate_series(0, 2) n".replaceAll(
        "$1::int",
        String(round),
      ),
    );
    await sql.query("COMMIT");
    await sql.query("DELETE FROM items WHERE id = $1", [(round * 7) % 4_000]);
    await sql.query("UPDATE items SET id = id + 1000000, body = 'moved' WHERE id = $1", [100_000 + round * 3]);
  }
  await sql.end();
  return round;
}

describe("one table is read again while all stream", { timeout: 60_000 }, () => {
  test("during traffic nothing is lost or doubled, what was wrong in raw is right again, and what is gone is swept", async () => {
    const database = await databases.make(
      `${ITEMS}; INSERT INTO items SELECT n, n, repeat('b', 2500) FROM generate_series(1, 4000) n`,
    );
    const { host } = database;
    await database.start();
    // What only a resync can mend: rows the source never had, and values of before.
    const position = (await host.position()) ?? "";
    const wrong = {
      stream: ["public.items", "public.items"],
      op: ["c", "u"] as ("c" | "u")[],
      key: ['{"id":"-5"}', '{"id":"17"}'],
      payload: ['{"id":"-5","amount":"1","body":null}', '{"id":"17","amount":"-1","body":"wrong"}'],
      unchanged: [null, null],
      sourceTs: [0n, 0n],
      position: [position, position],
      schemaVersion: [1, 1],
    };
    await host.commit({ input: { from: "columns", columns: wrong }, counts: [], bytes: 0, position });
    // The source moves on: what is read from here on stands behind what is wrong.
    await database.sql.query("UPDATE items SET amount = amount WHERE id = 1");
    let done = false;
    const busy = traffic(database.url, () => done);
    const id = host.ask("public.items", "resync");
    const outcome = await settled(database, id);
    done = true;
    expect(await busy).toBeGreaterThan(0);
    await database.caughtUp();
    expect(outcome).toMatch(/^done: \d+ rows read again/);
    expect(sorted(foldedRows(host, "public.items"))).toEqual(sorted(await source(database)));
    expect(await stateOf(database, "public.items")).toBe("streaming");
    // In raw as in the source: positions never go back, but for the sweep, which stands before the first chunk.
    const after = rowsOf(host, "public.items")
      .filter((row) => row.op !== "t")
      .slice(4_002);
    expect(after.map((row) => row.position)).toEqual(after.map((row) => row.position).toSorted());
    await database.end();
  });

  test("a range of its keys is read again during traffic: what is wrong or gone within it is mended, the rest is left alone", async () => {
    const database = await databases.make(
      `${ITEMS}; INSERT INTO items SELECT n, n, repeat('b', 2500) FROM generate_series(1, 4000) n;
       CREATE TABLE large (id int PRIMARY KEY, amount int NOT NULL, body text); INSERT INTO large SELECT n, n, '' FROM generate_series(1, 40000) n`,
    );
    const { host } = database;
    await database.start();
    const position = (await host.position()) ?? "";
    const wrong = envelopeBatch();
    for (const id of [-5, 3_970, 5_000, 4_000_000]) {
      const row = JSON.stringify({ id: String(id), amount: "-1", body: "wrong" });
      wrong.add("public.items", "u", JSON.stringify({ id: String(id) }), row, null, 0n, position, 1);
    }
    await host.commit({ input: { from: "columns", columns: wrong.columns }, counts: [], bytes: 0, position });
    // The source moves on: what is read from here on stands behind what is wrong.
    await database.sql.query("UPDATE items SET amount = amount WHERE id = 1");
    let done = false;
    const busy = traffic(database.url, () => done);
    // A large table that is read again as a whole does not hold up the few rows.
    const whole = host.ask("public.large", "resync");
    const id = host.ask("public.items", "resync", { range: { from: ["-100"], through: ["3970"] } });
    expect(await settled(database, id)).toMatch(/^done: \d+ rows read again/);
    expect(host.settled.has(whole)).toBe(false);
    expect(await settled(database, whole)).toMatch(/^done: 40000 rows/);
    done = true;
    expect(await busy).toBeGreaterThan(0);
    await database.caughtUp();
    const [raw, truth] = [foldedRows(host, "public.items"), await source(database)];
    const left = [5_000, 4_000_000].map((number) => JSON.stringify({ id: String(number) }));
    for (const key of left) expect(raw.get(key)).toMatchObject({ amount: "-1" });
    for (const key of left) {
      raw.delete(key);
      truth.delete(key);
    }
    expect(sorted(raw)).toEqual(sorted(truth));
    expect(await stateOf(database, "public.items")).toBe("streaming");

    const nonsense = host.ask("public.items", "resync", { range: { from: ["abc"], through: null } });
    expect(await settled(database, nonsense)).toContain("failed: public.items: PostgreSQL 22P02");
    expect(await stateOf(database, "public.items")).toBe("streaming");
    await database.end();
  });

  test("a worker that dies in the middle goes on behind the last stored chunk", async () => {
    const database = await databases.make(
      `${ITEMS}; INSERT INTO items SELECT n, n, 'b' FROM generate_series(1, 4000) n`,
    );
    const { host } = database;
    // A full chunk is a commit of its own.
    const capture = await database.start({ flush: { maxRows: 1_000 } });
    const id = host.ask("public.items", "resync");
    host.beforeCommit = (batch) => {
      if (host.rows.op.length > 4_000 && batch.progress?.some((each) => each.rowsRead > 1_000) === true)
        throw new Error("killed");
    };
    await capture.ended;
    const then = host.rows.op.length;
    expect(then).toBeGreaterThan(4_000);
    host.beforeCommit = () => undefined;
    await database.sql.query("DELETE FROM items WHERE id < 10; UPDATE items SET amount = 0 WHERE id > 3990");
    await database.start();
    expect(await settled(database, id)).toMatch(/^done/);
    await database.caughtUp();
    expect(sorted(foldedRows(host, "public.items"))).toEqual(sorted(await source(database)));
    expect(rowsOf(host, "public.items").filter((row) => row.op === "r").length).toBeLessThan(8_001);
    await database.end();
  });

  test("a table without a key is read again as a whole", async () => {
    const database = await databases.make(
      "CREATE TABLE keyless (a int); ALTER TABLE keyless REPLICA IDENTITY FULL; INSERT INTO keyless VALUES (1), (2)",
    );
    await database.start();
    expect(await settled(database, database.host.ask("public.keyless", "resync"))).toBe(
      "done: 2 rows read again, 0 no longer in the source",
    );
    expect(
      database
        .told("public.keyless")
        .slice(2)
        .map((row) => (row as unknown[])[0]),
    ).toEqual(["r", "r", "t"]);
    await database.end();
  });
});

describe("a source whose slot is lost", { timeout: 60_000 }, () => {
  test("is read again from the start, and what it no longer has is swept", async () => {
    const database = await databases.make(`${ITEMS}; INSERT INTO items SELECT n, n, 'b' FROM generate_series(1, 20) n`);
    const { host, sql } = database;
    const capture = await database.start();
    await capture.stop();
    await until("the slot to be dropped", () =>
      sql.query("SELECT pg_drop_replication_slot($1)", [database.slot]).then(
        () => true,
        () => false,
      ),
    );
    await sql.query(
      "DELETE FROM items WHERE id < 5; UPDATE items SET amount = 0 WHERE id > 15; INSERT INTO items VALUES (99, 9, 'new')",
    );
    host.reset();
    await database.start();
    await database.caughtUp();
    expect(sorted(foldedRows(host, "public.items"))).toEqual(sorted(await source(database)));
    await database.end();
  });
});

describe("pause and resume of one table", { timeout: 60_000 }, () => {
  test("its changes are not taken meanwhile, also over a restart; the others stream on; resuming brings it up to date", async () => {
    const database = await databases.make(`${ITEMS}; INSERT INTO items VALUES (1, 1, 'x'), (2, 2, 'y')`);
    const { host, sql } = database;
    const capture = await database.start();
    expect(await settled(database, host.ask("public.items", "pause"))).toMatch(/^done: paused/);
    await sql.query("UPDATE items SET amount = 10 WHERE id = 1; DELETE FROM items WHERE id = 2");
    await database.caughtUp();
    await capture.stop();
    await database.start();
    await sql.query("INSERT INTO items VALUES (3, 3, 'z')");
    await database.caughtUp();
    expect(database.told("public.items")).toHaveLength(2);
    expect(await stateOf(database, "public.items")).toBe("paused");
    expect(await settled(database, host.ask("public.items", "resume"))).toMatch(/^done: 2 rows/);
    await sql.query("UPDATE items SET amount = 30 WHERE id = 3");
    await database.caughtUp();
    expect(sorted(foldedRows(host, "public.items"))).toEqual(sorted(await source(database)));
    await database.end();
  });

  test("what makes no sense is refused with the reason", async () => {
    const database = await databases.make(ITEMS);
    await database.start();
    expect(await settled(database, database.host.ask("public.items", "resume"))).toBe(
      "failed: nothing to resume: it is streaming",
    );
    expect(await settled(database, database.host.ask("public.nowhere", "resync"))).toBe(
      "failed: nothing to resync: there is no such stream",
    );
    await database.end();
  });
});

describe("one bad table", { timeout: 60_000 }, () => {
  test("that may not be read fails alone with its reason; once mended, a resync brings it", async () => {
    const database =
      await databases.make(`${ITEMS}; CREATE TABLE secret (id int PRIMARY KEY, amount int, body text); INSERT INTO secret VALUES (1, 1, 's'); INSERT INTO items VALUES (1, 1, 'i');
      CREATE TABLE walled (id int PRIMARY KEY); INSERT INTO walled VALUES (1), (2); ALTER TABLE walled ENABLE ROW LEVEL SECURITY; CREATE POLICY half ON walled USING (id = 1);
      DROP ROLE IF EXISTS reader; CREATE ROLE reader LOGIN REPLICATION PASSWORD 'reader'; GRANT SELECT ON items, nova_mark, walled TO reader; CREATE PUBLICATION nova_orders_db FOR ALL TABLES`);
    const { host, sql } = database;
    const weak = { connectionString: database.url.replace("nova:nova", "reader:reader") };
    await database.start(weak);
    await sql.query("INSERT INTO items VALUES (2, 2, 'j'); INSERT INTO secret VALUES (2, 2, 't')");
    await database.caughtUp();
    expect(database.told("public.items")).toHaveLength(2);
    expect(database.told("public.secret")).toEqual([]);
    expect(host.streamErrors.get("public.secret")).toMatchObject({
      kind: "source-misconfigured",
      message: expect.stringContaining("permission denied for table secret"),
    });
    // Row security would hide rows without a word.
    expect(host.streamErrors.get("public.walled")?.message).toContain("row-level security");
    expect(await settled(database, host.ask("public.secret", "resync"))).toContain(
      "failed: public.secret: PostgreSQL 42501",
    );
    await sql.query("GRANT SELECT ON secret TO reader");
    expect(await settled(database, host.ask("public.secret", "resync"))).toMatch(/^done: 2 rows/);
    expect(await stateOf(database, "public.secret")).toBe("streaming");
    expect(sorted(foldedRows(host, "public.secret"))).toEqual(sorted(await source(database, "secret")));
    await database.end();
    await sql.end().catch(() => undefined);
  });

  test("29: tables join and leave the publication while the others stream; rows from before are read", async () => {
    const database = await databases.make(
      `${ITEMS}; CREATE TABLE late (id int PRIMARY KEY, amount int, body text); INSERT INTO late VALUES (1, 1, 'from before'); CREATE PUBLICATION nova_orders_db FOR TABLE nova_mark, items`,
    );
    const { host, sql } = database;
    const capture = await database.start();
    await sql.query("ALTER PUBLICATION nova_orders_db ADD TABLE late; INSERT INTO late VALUES (2, 2, 'new')");
    await until("late to stream", async () => (await stateOf(database, "public.late")) === "streaming");
    await database.caughtUp();
    expect(sorted(foldedRows(host, "public.late"))).toEqual(sorted(await source(database, "late")));
    await sql.query("ALTER PUBLICATION nova_orders_db DROP TABLE late; INSERT INTO late VALUES (3, 3, 'unseen')");
    await until("late to fail", async () => (await stateOf(database, "public.late")) === "failed");
    expect(host.streamErrors.get("public.late")?.message).toContain("no longer in publication");
    // A restart does not forget that it is awaited.
    await capture.stop();
    await sql.query("ALTER PUBLICATION nova_orders_db ADD TABLE late");
    await database.start();
    await until("late to stream again", async () => (await stateOf(database, "public.late")) === "streaming");
    await database.caughtUp();
    expect(sorted(foldedRows(host, "public.late"))).toEqual(sorted(await source(database, "late")));
    await database.end();
  });
});

describe("rows in quarantine", { timeout: 60_000 }, () => {
  test("are read again by their keys only, and those the source no longer has are told as gone", async () => {
    const database = await databases.make(`${ITEMS}; INSERT INTO items SELECT n, n, 'x' FROM generate_series(1, 50) n`);
    const { host, sql } = database;
    await database.start();
    await host.quarantine.add(
      [7, 9, 7, 51].map((id) => ({
        source: "orders_db",
        stream: "public.items",
        reason: "type-mismatch",
        detail: "",
        payload: `{"id":"${id}","amount":"bad"}`,
        receivedAt: new Date(0),
      })),
    );
    await sql.query("UPDATE items SET amount = 70 WHERE id = 7");
    await database.caughtUp();
    const then = host.rows.op.length;
    expect(await settled(database, host.ask("public.items", "replay"))).toBe(
      "done: 2 rows read again, 1 no longer in the source",
    );
    expect(
      rowsOf(host)
        .slice(then)
        .filter((row) => row.stream === "public.items")
        .map(({ op, key, payload }) => [op, key?.["id"], payload?.["amount"]]),
    ).toEqual([
      ["r", "7", "70"],
      ["r", "9", "9"],
      ["d", "51", undefined],
    ]);
    await database.end();
  });
});

test("59: the log kept for us and the slot's state are told with every heartbeat", { timeout: 60_000 }, async () => {
  const database = await databases.make(ITEMS);
  await database.start();
  await until("the figures", () => database.host.lag()?.slotState === "reserved");
  expect(database.host.lag()?.retainedBytes).toBeGreaterThanOrEqual(0);
  await database.end();
});
