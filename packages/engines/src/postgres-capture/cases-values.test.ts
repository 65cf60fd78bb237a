import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { foldedRows, rowsOf } from "./test-capture.ts";
import { type TestDatabases, testDatabases } from "./test-database.ts";

/** Cases of docs/capture.md about values, identity, partitions and filters; each test names its case's number. */
let databases: TestDatabases;

beforeAll(async () => {
  databases = await testDatabases({ logical_decoding_work_mem: "64kB" });
}, 60_000);
afterAll(async () => {
  await databases.stop();
});

describe("values", { timeout: 60_000 }, () => {
  test("2, 6: values of every wide type that are out of line and unchanged keep what is stored, with and without the whole old row", async () => {
    const database = await databases.make(`CREATE EXTENSION hstore;
      CREATE TABLE wide (id int PRIMARY KEY, n int, da date[], ba bytea[], ia int[], la bigint[], ja jsonb, ua uuid[], h hstore, t text, b bytea, x xml);
      ALTER TABLE wide ALTER da SET STORAGE EXTERNAL, ALTER ba SET STORAGE EXTERNAL, ALTER ia SET STORAGE EXTERNAL, ALTER la SET STORAGE EXTERNAL,
        ALTER ja SET STORAGE EXTERNAL, ALTER ua SET STORAGE EXTERNAL, ALTER h SET STORAGE EXTERNAL, ALTER t SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL, ALTER x SET STORAGE EXTERNAL;`);
    await database.start();
    await database.sql
      .query(`INSERT INTO wide SELECT 1, 1, array_agg('2026-01-01'::date + n), array_agg(decode(md5(n::text), 'hex')), array_agg(n), array_agg(n::bigint << 33),
        jsonb_agg(md5(n::text)), array_agg(md5(n::text)::uuid), hstore(array_agg(n::text), array_agg(md5(n::text))), string_agg(md5(n::text), ''),
        decode(string_agg(md5(n::text), ''), 'hex'), ('<a>' || string_agg(md5(n::text), '') || '</a>')::xml FROM generate_series(1, 1000) n`);
    await database.sql.query("UPDATE wide SET n = 2");
    await database.sql.query("ALTER TABLE wide REPLICA IDENTITY FULL");
    await database.sql.query("UPDATE wide SET n = 3");
    await database.caughtUp();
    const [created, partial, full] = rowsOf(database.host, "public.wide");
    expect(partial?.unchanged).toEqual(["da", "ba", "ia", "la", "ja", "ua", "h", "t", "b", "x"]);
    expect(full?.unchanged).toBeNull();
    expect(full?.payload).toEqual({ ...created?.payload, n: "3" });
    expect(foldedRows(database.host, "public.wide").get('{"id":"1"}')).toEqual({ ...created?.payload, n: "3" });
    await database.end();
  });

  test("3, 4: an unchanged wide value is told apart from a column that was added at the same time, in the same transaction as its insert", async () => {
    const database = await databases.make(
      "CREATE TABLE doc (id int PRIMARY KEY, n int, body text); ALTER TABLE doc ALTER body SET STORAGE EXTERNAL",
    );
    await database.start();
    await database.sql.query(
      "BEGIN; INSERT INTO doc VALUES (1, 1, repeat('x', 9000)); ALTER TABLE doc ADD COLUMN extra int; UPDATE doc SET n = 2, extra = 5; COMMIT",
    );
    await database.caughtUp();
    const [, update] = rowsOf(database.host, "public.doc");
    expect(update).toMatchObject({ op: "u", payload: { id: "1", n: "2", extra: "5" }, unchanged: ["body"] });
    expect(foldedRows(database.host, "public.doc").get('{"id":"1"}')?.["body"]).toHaveLength(9000);
    await database.end();
  });

  test("36, 39, 41: numbers without bounds, odd types and types of extensions are exact", async () => {
    const database =
      await databases.make(`CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE TYPE span AS RANGE (subtype = float8);
      CREATE TABLE odd (id int PRIMARY KEY, big numeric, rounded numeric(5,-2), tiny numeric(3,5), h hstore, ci citext, mac macaddr8, lsn pg_lsn, path path, box box, circle circle,
        line line, poly polygon, multi int4multirange, own span, jp jsonpath, cls regclass, snap pg_snapshot, num_range numrange, na numeric[]);
      INSERT INTO odd VALUES (1, 12345678901234567890123456789012345678901234567890.000000000000000000000000000001, 123456, 0.00123, 'a=>NULL, "b c"=>"d\\"e"', 'MixedCase', '08:00:2b:01:02:03:04:05', '16/B374D848',
        '((0,0),(1,1))', '((1,1),(0,0))', '<(0,0),1>', '{1,-1,0}', '((0,0),(1,0),(1,1))', '{[1,3),[5,7)}', '[1.5,2.5]', '$.a[*]', 'pg_class', '10:20:10,14', '(,5]', '{NaN,Infinity,-Infinity,1.10}')`);
    await database.start();
    await database.sql.query(
      "INSERT INTO odd SELECT 2, big, rounded, tiny, h, ci, mac, lsn, path, box, circle, line, poly, multi, own, jp, cls, snap, num_range, na FROM odd",
    );
    await database.caughtUp();
    const [read, streamed] = rowsOf(database.host, "public.odd").map((row) => row.payload);
    expect({ ...streamed, id: "1" }).toEqual(read);
    expect(read).toMatchObject({
      big: "12345678901234567890123456789012345678901234567890.000000000000000000000000000001",
      rounded: "123500",
      tiny: "0.00123",
      ci: "MixedCase",
      na: "{NaN,Infinity,-Infinity,1.10}",
      h: '"a"=>NULL, "b c"=>"d\\"e"',
      num_range: "(,5]",
    });
    await database.end();
  });

  test("36: NaN and infinity as keys are read once, also over a resumed snapshot", async () => {
    const database = await databases.make(
      "CREATE TABLE odd_keys (k numeric PRIMARY KEY); INSERT INTO odd_keys VALUES ('-Infinity'), (-1.50), (0), ('Infinity'), ('NaN')",
    );
    database.host.beforeCommit = () => {
      if (rowsOf(database.host).length >= 3) throw new Error("killed");
    };
    await expect(database.start({ snapshotChunkRows: 1 })).rejects.toThrow("killed");
    database.host.beforeCommit = () => undefined;
    await database.start({ snapshotChunkRows: 1 });
    await database.caughtUp();
    expect(database.told("public.odd_keys").map((row) => (row as [string, { k: string }])[1].k)).toEqual([
      "-Infinity",
      "-1.50",
      "0",
      "Infinity",
      "NaN",
    ]);
    await database.end();
  });

  test("12: keys with spaces at the end stay what they are", async () => {
    const database = await databases.make(
      "CREATE TABLE padded (k text, c char(4), PRIMARY KEY (k, c)); INSERT INTO padded VALUES ('a ', 'b')",
    );
    await database.start();
    await database.sql.query("INSERT INTO padded VALUES ('a', 'b'); DELETE FROM padded WHERE k = 'a '");
    await database.caughtUp();
    expect(database.told("public.padded").map((row) => [(row as unknown[])[0], (row as unknown[])[1]])).toEqual([
      ["r", { k: "a ", c: "b   " }],
      ["c", { k: "a", c: "b   " }],
      ["d", { k: "a ", c: "b   " }],
    ]);
    await database.end();
  });

  test("33, 43: one value of 16 MB with four-byte characters comes whole, from the snapshot and from the stream", async () => {
    const text = "repeat('a😀é', 2000000)";
    const database = await databases.make(
      `CREATE TABLE huge (id int PRIMARY KEY, t text); INSERT INTO huge VALUES (1, ${text})`,
    );
    await database.start();
    await database.sql.query(`INSERT INTO huge VALUES (2, ${text})`);
    await database.caughtUp();
    const whole = "a😀é".repeat(2_000_000);
    for (const row of rowsOf(database.host, "public.huge")) expect(row.payload?.["t"] === whole).toBe(true);
    expect(rowsOf(database.host, "public.huge")).toHaveLength(2);
    await database.end();
  });
});

describe("identity", { timeout: 60_000 }, () => {
  test("7, 9, 13: default, full, index and nothing, over a key of two columns", async () => {
    const table = (name: string): string =>
      `CREATE TABLE ${name} (a int, b text, must text NOT NULL, u int NOT NULL, PRIMARY KEY (b, a)); CREATE UNIQUE INDEX ${name}_u ON ${name} (u); CREATE UNIQUE INDEX ${name}_f ON ${name} (lower(must))`;
    const database = await databases.make(`${["by_default", "by_full", "by_index", "by_nothing"].map(table).join("; ")};
      ALTER TABLE by_full REPLICA IDENTITY FULL; ALTER TABLE by_index REPLICA IDENTITY USING INDEX by_index_u; ALTER TABLE by_nothing REPLICA IDENTITY NOTHING;
      CREATE PUBLICATION nova_orders_db FOR ALL TABLES`);
    await database.start();
    for (const name of ["by_default", "by_full", "by_index"]) {
      await database.sql.query(`INSERT INTO ${name} VALUES (1, 'x', 'm', 7)`);
      await database.sql.query(`DELETE FROM ${name}`);
    }
    await database.sql.query("INSERT INTO by_nothing VALUES (1, 'x', 'm', 7)");
    // PostgreSQL itself refuses what could not be told: nothing is lost silently.
    await expect(database.sql.query("DELETE FROM by_nothing")).rejects.toMatchObject({ code: "55000" });
    await database.caughtUp();
    const row = { a: "1", b: "x", must: "m", u: "7" };
    const key = { b: "x", a: "1" };
    expect(database.told("public.by_default")).toEqual([
      ["c", key, row],
      ["d", key, null],
    ]);
    expect(database.told("public.by_full")).toEqual([
      ["c", key, row],
      ["d", key, null],
    ]);
    expect(database.told("public.by_index")).toEqual([
      ["c", { u: "7" }, row],
      ["d", { u: "7" }, null],
    ]);
    expect(database.told("public.by_nothing")).toEqual([["c", key, row]]);
    await database.end();
  });

  test("14, 15: one key inserted, deleted and inserted in one transaction keeps the order of its events", async () => {
    const database = await databases.make("CREATE TABLE life (id int PRIMARY KEY, v text)");
    await database.start();
    await database.sql.query(
      "BEGIN; INSERT INTO life VALUES (1, 'a'); UPDATE life SET v = 'b'; DELETE FROM life; INSERT INTO life VALUES (1, 'c'); COMMIT",
    );
    await database.caughtUp();
    const rows = rowsOf(database.host, "public.life");
    expect(rows.map((row) => [row.op, row.position.slice(17)])).toEqual([
      ["c", "0000000001"],
      ["u", "0000000002"],
      ["d", "0000000003"],
      ["c", "0000000004"],
    ]);
    expect(new Set(rows.map((row) => row.position.slice(0, 16))).size).toBe(1);
    await database.end();
  });
});

describe("partitions and inheritance", { timeout: 60_000 }, () => {
  const PARTED = `CREATE TABLE top (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
    CREATE TABLE top_1 PARTITION OF top FOR VALUES IN (1); CREATE TABLE top_2 PARTITION OF top FOR VALUES IN (2) PARTITION BY RANGE (id);
    CREATE TABLE top_2_low PARTITION OF top_2 FOR VALUES FROM (0) TO (100); INSERT INTO top VALUES (1, 1), (2, 2);`;

  test("17, 18: nested partitions come under their root; emptying the root is told, detaching and dropping a part is not", async () => {
    const database = await databases.make(PARTED);
    await database.start();
    await database.sql.query("UPDATE top SET part = 2 WHERE id = 1");
    await database.sql.query("CREATE TABLE top_3 PARTITION OF top FOR VALUES IN (3); INSERT INTO top VALUES (3, 3)");
    await database.sql.query("ALTER TABLE top DETACH PARTITION top_3; DROP TABLE top_3; TRUNCATE top");
    await database.caughtUp();
    expect(database.told("public.top").map((row) => (row as unknown[])[0])).toEqual(["r", "r", "d", "c", "c", "t"]);
    expect((await database.host.streams()).map((record) => record.stream)).not.toContain("public.top_1");
    await database.end();
  });

  test("17: a publication of someone else's that tells partitions by their own names is obeyed", async () => {
    const database = await databases.make(
      `${PARTED} CREATE PUBLICATION nova_orders_db FOR ALL TABLES WITH (publish_via_partition_root = false)`,
    );
    await database.start();
    await database.sql.query("INSERT INTO top VALUES (3, 2); TRUNCATE top_1");
    await database.caughtUp();
    expect(database.told("public.top_1").map((row) => (row as unknown[])[0])).toEqual(["r", "t"]);
    expect(database.told("public.top_2_low")).toEqual([
      ["r", { id: "2", part: "2" }, { id: "2", part: "2" }],
      ["c", { id: "3", part: "2" }, { id: "3", part: "2" }],
    ]);
    expect(database.told("public.top")).toEqual([]);
    await database.end();
  });

  test("19: children of a table are streams of their own and read once; a table without columns does no harm", async () => {
    const database = await databases.make(
      "CREATE TABLE animals (id int PRIMARY KEY); CREATE TABLE dogs (bark text, PRIMARY KEY (id)) INHERITS (animals); CREATE TABLE nothing (); ALTER TABLE nothing REPLICA IDENTITY FULL; INSERT INTO animals VALUES (1); INSERT INTO dogs VALUES (2, 'wau'); INSERT INTO nothing DEFAULT VALUES",
    );
    await database.start();
    await database.sql.query("INSERT INTO dogs VALUES (3, 'ruff'); INSERT INTO nothing DEFAULT VALUES");
    await database.caughtUp();
    expect(database.told("public.animals")).toEqual([["r", { id: "1" }, { id: "1" }]]);
    expect(database.told("public.dogs")).toEqual([
      ["r", { id: "2" }, { id: "2", bark: "wau" }],
      ["c", { id: "3" }, { id: "3", bark: "ruff" }],
    ]);
    expect(database.told("public.nothing")).toEqual([
      ["r", null, {}],
      ["c", null, {}],
    ]);
    await database.end();
  });
});

describe("names and filters", { timeout: 60_000 }, () => {
  test("45: tables and columns called anything", async () => {
    const names = [
      "create",
      "Mixed Case",
      "with-dash",
      "what?",
      'quo"ted',
      "back\\slash",
      "per%cent_",
      "per%cents",
      "1st",
      "ünï😀",
      "a'b",
    ];
    const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
    const database = await databases.make(
      names
        .map(
          (name) =>
            `CREATE TABLE ${quoted(name)} (${quoted(name)} text PRIMARY KEY, "\`select\`" int); INSERT INTO ${quoted(name)} VALUES ('there', 1);`,
        )
        .join(" "),
    );
    await database.start({ slot: `1st_${database.slot}` });
    for (const name of names) await database.sql.query(`UPDATE ${quoted(name)} SET "\`select\`" = 2`);
    await database.caughtUp();
    for (const name of names)
      expect(database.told(`public.${name}`)).toEqual([
        ["r", { [name]: "there" }, { [name]: "there", "`select`": "1" }],
        ["u", { [name]: "there" }, { [name]: "there", "`select`": "2" }],
      ]);
    await database.end();
  });

  test("26: columns that differ by case only are two columns", async () => {
    const database = await databases.make(
      'CREATE TABLE cased (id int PRIMARY KEY, "Name" text, name text, "NAME" text)',
    );
    await database.start();
    await database.sql.query("INSERT INTO cased VALUES (1, 'a', 'b', 'c')");
    await database.caughtUp();
    expect(database.told("public.cased")).toEqual([["c", { id: "1" }, { id: "1", Name: "a", name: "b", NAME: "c" }]]);
    await database.end();
  });

  test("35: a publication's row filter and column list hold for the snapshot as for the stream; a row that leaves the filter is deleted", async () => {
    const database = await databases.make(
      "CREATE TABLE filtered (id int PRIMARY KEY, region text, secret text); ALTER TABLE filtered REPLICA IDENTITY DEFAULT; INSERT INTO filtered VALUES (1, 'eu', 's'), (20, 'us', 's'); CREATE PUBLICATION nova_orders_db FOR TABLE nova_mark, filtered (id, region) WHERE (id < 10)",
    );
    await database.start();
    await database.sql.query(
      "UPDATE filtered SET id = 21 WHERE id = 1; INSERT INTO filtered VALUES (2, 'eu', 's'), (30, 'us', 's')",
    );
    await database.caughtUp();
    expect(database.told("public.filtered")).toEqual([
      ["r", { id: "1" }, { id: "1", region: "eu" }],
      ["d", { id: "1" }, null],
      ["c", { id: "2" }, { id: "2", region: "eu" }],
    ]);
    await database.end();
  });
});
