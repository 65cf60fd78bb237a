import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryHost, rowsOf, startTestCapture, until } from "./test-capture.ts";
import { connect, startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;
let databases = 0;

beforeAll(async () => {
  server = await startTestServer();
}, 60_000);
afterAll(async () => {
  await server.stop();
});

async function database(setup: string): Promise<{ url: string; sql: pg.Client; slot: string }> {
  databases += 1;
  const url = await server.createDatabase(`values_${databases}`);
  const sql = await connect(url);
  await sql.query(setup);
  return { url, sql, slot: `nova_values_${databases}` };
}

async function only(client: pg.Client, query: string, values: unknown[] = []): Promise<unknown> {
  const { rows } = await client.query<{ value: unknown }>(query, values);
  return rows[0]?.value;
}

const shown = (client: pg.Client, setting: string) => only(client, "SELECT current_setting($1) AS value", [setting]);
const waiting = (client: pg.Client) =>
  only(client, "SELECT wait_event AS value FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
const unsent = async (client: pg.Client, slot: string) =>
  Number(
    await only(
      client,
      "SELECT pg_current_wal_flush_lsn() - r.sent_lsn AS value FROM pg_replication_slots s JOIN pg_stat_replication r ON r.pid = s.active_pid WHERE s.slot_name = $1",
      [slot],
    ),
  );

/** A table with one column per hard type, and values that are known to break things. */
const TYPES = `
CREATE TYPE mood AS ENUM ('sad', 'happy "quoted"');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS numeric(10,2) CHECK (VALUE > 0);
CREATE TABLE everything (id int PRIMARY KEY, b boolean, i2 smallint, i8 bigint, r real, d double precision, n numeric, n2 numeric(12,2), m money,
  c char(6), v varchar(20), t text, by bytea, da date, ti time, tz timetz, ts timestamp, tstz timestamptz, iv interval, u uuid, j json, jb jsonb,
  ia int[], ta text[], e mood, p pair, dom positive, inet inet, cidr cidr, mac macaddr, bits bit(5), vbits varbit, r4 int4range, pt point, x xml, oid oid,
  tsv tsvector, ch "char", nm name);`;
const ROWS = `
INSERT INTO everything VALUES
 (1, true, -32768, 9223372036854775807, 'NaN', 'Infinity', 'NaN', 1.10, -1234.56, 'ab', 'x', E'tab\\t nl\\n cr\\r q" bs\\\\ bell\\x07 vt\\x0b ü € 😀', '\\xdeadbeef00', '-infinity', '24:00:00', '12:00:00+05:30', 'infinity', '0044-03-15 12:00:00 BC', '1 year 2 mons -3 days 04:05:06.789', 'f79c3e09-677c-4bbd-a479-3f349cb785e7', '{"a": 1.10,  "b": null}', '{"b": [1, "x"]}',
  '[0:2]={1,NULL,3}', '{"a,b",NULL,"NULL","q\\"uote",""}', 'happy "quoted"', '(1,"x, ""y""")', 9.99, '192.168.1.1', '10.0.0.0/8', '08:00:2b:01:02:03', B'10101', B'1', '[1,5)', '(1.5,2)', '<a>&amp;</a>', 4294967295, 'fat & cat', 'x', 'a name'),
 (2, false, 0, 0, 1.1, 0.1, 'Infinity', 0, 0, '', '', '', '', '1500-02-28', '00:00:00', '00:00:00+00', '1999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00', '0', '00000000-0000-0000-0000-000000000000', 'null', 'null', '{}', '{}', 'sad', NULL, 0.01, '::1', '::/0', '00:00:00:00:00:00', B'00000', B'', 'empty', '(0,0)', NULL, 0, '', '', ''),
 (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, ROW(NULL,NULL), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
 (4, NULL, NULL, NULL, '-0', 1e-300, 1e-130, NULL, NULL, NULL, NULL, '\\N', NULL, NULL, NULL, NULL, NULL, NULL, '-1 days', NULL, NULL, NULL, '{{1,2},{3,4}}', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);`;

describe("values", { timeout: 60_000 }, () => {
  test("of every type are the same text from the snapshot and from the stream, whatever the server's settings", async () => {
    const { url, sql, slot } = await database(`${TYPES} ${ROWS}`);
    const name = new URL(url).pathname.slice(1);
    for (const setting of [
      "datestyle = 'German'",
      "intervalstyle = 'iso_8601'",
      "bytea_output = 'escape'",
      "timezone = 'Asia/Tokyo'",
      "extra_float_digits = -5",
    ]) {
      await sql.query(`ALTER DATABASE "${name}" SET ${setting}`);
    }
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    await sql.query("ALTER TABLE everything REPLICA IDENTITY FULL");
    await sql.query(
      "BEGIN; CREATE TEMP TABLE copy ON COMMIT DROP AS SELECT * FROM everything; DELETE FROM everything; INSERT INTO everything SELECT * FROM copy ORDER BY id; COMMIT",
    );
    await until("the rows again", () => rowsOf(capture.host).length === 12);
    await capture.stop();
    await sql.end();
    const rows = rowsOf(capture.host, "public.everything");
    const read = rows.filter((row) => row.op === "r").map((row) => row.payload);
    const streamed = rows.filter((row) => row.op === "c").map((row) => row.payload);
    expect(streamed).toEqual(read);
    expect(read[0]).toMatchObject({
      b: "t",
      i8: "9223372036854775807",
      r: "NaN",
      n: "NaN",
      c: "ab    ",
      t: 'tab\t nl\n cr\r q" bs\\ bell\u0007 vt\u000b ü € 😀',
      by: "\\xdeadbeef00",
      da: "-infinity",
      ti: "24:00:00",
      ts: "infinity",
      tstz: "0044-03-15 12:00:00+00 BC",
      iv: "1 year 2 mons -3 days +04:05:06.789",
      j: '{"a": 1.10,  "b": null}',
      ia: "[0:2]={1,NULL,3}",
      inet: "192.168.1.1",
      m: "-$1,234.56",
    });
    expect(read[1]).toMatchObject({ t: "", j: "null", jb: "null", x: null });
    expect(read[3]).toMatchObject({ t: "\\N", r: "-0", ia: "{{1,2},{3,4}}" });
  });

  test("of any text and any bytes come through COPY and the stream unchanged", async () => {
    const { url, sql, slot } = await database('CREATE TABLE "any" (id int PRIMARY KEY, t text, b bytea)');
    const texts = fc.sample(
      fc.tuple(
        fc.string({ unit: "binary", maxLength: 60 }).filter((text) => !text.includes("\u0000") && text.isWellFormed()),
        fc.uint8Array({ maxLength: 40 }),
      ),
      400,
    );
    await insertAll(sql, texts, 0);
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    await insertAll(sql, texts, 1_000);
    await until("all rows", () => capture.host.rows.op.length === 800);
    await capture.stop();
    await sql.end();
    const byId = new Map(rowsOf(capture.host).map((row) => [Number(row.payload?.["id"]), row.payload]));
    texts.forEach(([text, bytes], index) => {
      for (const id of [index, 1_000 + index])
        expect(byId.get(id)).toEqual({ id: String(id), t: text, b: `\\x${Buffer.from(bytes).toString("hex")}` });
    });
  });
});

async function insertAll(
  sql: pg.Client,
  values: readonly (readonly [string, Uint8Array])[],
  from: number,
): Promise<void> {
  await sql.query(
    'INSERT INTO "any" SELECT $1::int + ordinality - 1, t, b FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS v(t, b)',
    [from, values.map(([text]) => text), values.map(([, bytes]) => Buffer.from(bytes))],
  );
}

describe("changes that are hard to tell", { timeout: 60_000 }, () => {
  test("an unchanged value out of line is left out and named; with the whole old row at hand it is filled in", async () => {
    const { url, sql, slot } = await database(
      "CREATE TABLE doc (id int PRIMARY KEY, n int, body text, extra text); ALTER TABLE doc ALTER body SET STORAGE EXTERNAL, ALTER extra SET STORAGE EXTERNAL; INSERT INTO doc VALUES (1, 1, repeat('x', 9000), 'short')",
    );
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    await sql.query("UPDATE doc SET n = 2");
    await sql.query("UPDATE doc SET id = 7");
    await sql.query("ALTER TABLE doc REPLICA IDENTITY FULL");
    await sql.query("UPDATE doc SET n = 3");
    await until("three updates", () => rowsOf(capture.host).filter((row) => row.op === "u").length === 3);
    await capture.stop();
    await sql.end();
    const big = "x".repeat(9000);
    expect(
      rowsOf(capture.host)
        .slice(1)
        .map(({ op, key, payload, unchanged }) => ({ op, key, payload, unchanged })),
    ).toEqual([
      { op: "u", key: { id: "1" }, payload: { id: "1", n: "2", extra: "short" }, unchanged: ["body"] },
      { op: "d", key: { id: "1" }, payload: null, unchanged: null },
      { op: "u", key: { id: "7" }, payload: { id: "7", n: "2", extra: "short" }, unchanged: ["body"] },
      { op: "u", key: { id: "7" }, payload: { id: "7", n: "3", body: big, extra: "short" }, unchanged: null },
    ]);
  });

  test("tables without a key, with an index as identity, with odd names, partitioned, with generated columns", async () => {
    const { url, sql, slot } = await database(`
      CREATE TABLE keyless (a int, b text); ALTER TABLE keyless REPLICA IDENTITY FULL; INSERT INTO keyless VALUES (1, 'x'), (1, 'x');
      CREATE TABLE indexed (a int NOT NULL, b text NOT NULL, c int); CREATE UNIQUE INDEX indexed_key ON indexed (b, a); ALTER TABLE indexed REPLICA IDENTITY USING INDEX indexed_key;
      CREATE SCHEMA "Odd.Schema"; CREATE TABLE "Odd.Schema"."we""ird Ta-ble?" ("Id" int PRIMARY KEY, "select" text); INSERT INTO "Odd.Schema"."we""ird Ta-ble?" VALUES (1, 'was there');
      CREATE TABLE parted (id int, day date, v int, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
      CREATE TABLE parted_a (v int, day date NOT NULL, id int NOT NULL); ALTER TABLE parted ATTACH PARTITION parted_a FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
      CREATE TABLE parted_b PARTITION OF parted FOR VALUES FROM ('2026-02-01') TO ('2026-03-01'); INSERT INTO parted VALUES (1, '2026-01-05', 10), (2, '2026-02-05', 20);
      CREATE TABLE made (id int PRIMARY KEY, price numeric(8,2), gross numeric(8,2) GENERATED ALWAYS AS (price * 1.2) STORED); INSERT INTO made VALUES (1, 10);`);
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    await sql.query("UPDATE keyless SET b = 'y'; DELETE FROM keyless");
    await sql.query(
      "INSERT INTO indexed VALUES (1, 'k', 5); UPDATE indexed SET c = 6; UPDATE indexed SET b = 'l'; DELETE FROM indexed",
    );
    await sql.query(`UPDATE "Odd.Schema"."we""ird Ta-ble?" SET "select" = 'changed'`);
    await sql.query(
      "UPDATE parted SET v = v + 1; INSERT INTO parted VALUES (3, '2026-01-06', 30); ALTER TABLE parted DETACH PARTITION parted_b; DROP TABLE parted_b",
    );
    await sql.query("UPDATE made SET price = 20; TRUNCATE made, indexed");
    await until("the truncate", () => rowsOf(capture.host).filter((row) => row.op === "t").length === 2);
    await capture.stop();
    await sql.end();
    const told = (stream: string): unknown[] =>
      rowsOf(capture.host, stream).map(({ op, key, payload }) => [op, key, payload]);
    const [x, y] = [
      { a: "1", b: "x" },
      { a: "1", b: "y" },
    ];
    expect(told("public.keyless")).toEqual([
      ["r", null, x],
      ["r", null, x],
      ["d", x, null],
      ["u", null, y],
      ["d", x, null],
      ["u", null, y],
      ["d", y, null],
      ["d", y, null],
    ]);
    expect(told("public.indexed")).toEqual([
      ["c", { b: "k", a: "1" }, { a: "1", b: "k", c: "5" }],
      ["u", { b: "k", a: "1" }, { a: "1", b: "k", c: "6" }],
      ["d", { b: "k", a: "1" }, null],
      ["u", { b: "l", a: "1" }, { a: "1", b: "l", c: "6" }],
      ["d", { b: "l", a: "1" }, null],
      ["t", null, null],
    ]);
    expect(told('Odd.Schema.we"ird Ta-ble?')).toEqual([
      ["r", { Id: "1" }, { Id: "1", select: "was there" }],
      ["u", { Id: "1" }, { Id: "1", select: "changed" }],
    ]);
    expect(told("public.parted").map((row) => (row as unknown[])[0])).toEqual(["r", "r", "u", "u", "c"]);
    expect(told("public.parted").at(-1)).toEqual([
      "c",
      { day: "2026-01-06", id: "3" },
      { id: "3", day: "2026-01-06", v: "30" },
    ]);
    expect(told("public.parted_a")).toEqual([]);
    expect(told("public.made")).toEqual([
      ["r", { id: "1" }, { id: "1", price: "10.00", gross: "12.00" }],
      ["u", { id: "1" }, { id: "1", price: "20.00", gross: "24.00" }],
      ["t", null, null],
    ]);
  });

  test("rollbacks and aborted savepoints bring nothing, a prepared transaction comes whole at its commit, tables in one order", async () => {
    const { url, sql, slot } = await database(
      "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)",
    );
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    await sql.query("BEGIN; INSERT INTO a VALUES (1); ROLLBACK");
    await sql.query(
      "BEGIN; INSERT INTO a VALUES (2); SAVEPOINT s; INSERT INTO a SELECT generate_series(100, 400); ROLLBACK TO s; INSERT INTO b VALUES (2); INSERT INTO a VALUES (3); COMMIT",
    );
    await sql.query("BEGIN; INSERT INTO a VALUES (4); INSERT INTO b VALUES (4); PREPARE TRANSACTION 'later'");
    await sql.query("INSERT INTO a VALUES (5)");
    await sql.query("COMMIT PREPARED 'later'");
    await until("six rows", () => capture.host.rows.op.length === 6);
    await capture.stop();
    await sql.end();
    const rows = rowsOf(capture.host);
    expect(rows.map(({ stream, key }) => `${stream} ${key?.["id"]}`)).toEqual([
      "public.a 2",
      "public.b 2",
      "public.a 3",
      "public.a 5",
      "public.a 4",
      "public.b 4",
    ]);
    expect(rows.map((row) => row.position.slice(17))).toEqual([
      "0000000001",
      "0000000002",
      "0000000003",
      "0000000001",
      "0000000001",
      "0000000002",
    ]);
  });

  test("a table that is made, altered and renamed while streaming has its schema at the place of the change", async () => {
    const { url, sql, slot } = await database("CREATE TABLE old (id int PRIMARY KEY, v int)");
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    await sql.query("INSERT INTO old VALUES (1, 1)");
    await sql.query("ALTER TABLE old ADD COLUMN note text DEFAULT 'd'; INSERT INTO old VALUES (2, 2)");
    await sql.query("ALTER TABLE old ALTER v TYPE bigint, DROP COLUMN note; INSERT INTO old VALUES (3, 3)");
    await sql.query(
      "CREATE TABLE fresh (k uuid PRIMARY KEY, at timestamptz); COMMENT ON TABLE fresh IS 'made later'; INSERT INTO fresh VALUES ('f79c3e09-677c-4bbd-a479-3f349cb785e7', 'infinity')",
    );
    await until("four rows", () => capture.host.rows.op.length === 4);
    await capture.stop();
    await sql.end();
    expect(capture.host.rows.schemaVersion).toEqual([1, 2, 3, 1]);
    expect(rowsOf(capture.host).map((row) => row.payload)).toEqual([
      { id: "1", v: "1" },
      { id: "2", v: "2", note: "d" },
      { id: "3", v: "3" },
      { k: "f79c3e09-677c-4bbd-a479-3f349cb785e7", at: "infinity" },
    ]);
    const fresh = (await capture.host.streams()).find((record) => record.stream === "public.fresh");
    expect(fresh).toMatchObject({
      state: "streaming",
      schema: { description: "made later", key: ["k"], columns: [{ type: "uuid" }, { type: "timestamptz" }] },
    });
  });

  test("a table whose making is told before other sessions see it is described once they do", async () => {
    const { url, sql, slot } = await database("CREATE TABLE old (id int PRIMARY KEY)");
    const admin = await connect(url);
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    // Commits wait for a standby that is not there: they are in the log, and nobody sees them.
    await admin.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    await admin.query("SELECT pg_reload_conf()");
    await until("commits wait", async () => (await shown(admin, "synchronous_standby_names")) === "nobody");
    const making = sql.query(
      "CREATE DOMAIN small AS int; CREATE TABLE fresh (k small PRIMARY KEY); COMMENT ON TABLE fresh IS 'made later'; INSERT INTO fresh VALUES (7)",
    );
    await until("the commit waits", async () => (await waiting(admin)) === "SyncRep");
    await until("the log was sent", async () => (await unsent(admin, slot)) === 0);
    await admin.query("ALTER SYSTEM RESET synchronous_standby_names");
    await admin.query("SELECT pg_reload_conf()");
    await making;
    await until("the row", () => capture.host.rows.op.length === 1);
    await capture.stop();
    await Promise.all([sql.end(), admin.end()]);
    const fresh = (await capture.host.streams()).find((record) => record.stream === "public.fresh");
    expect(fresh?.schema).toMatchObject({ description: "made later", key: ["k"], columns: [{ type: "int" }] });
  });
});
