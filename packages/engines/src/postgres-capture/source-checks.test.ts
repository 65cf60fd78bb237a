import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCopied } from "../duckdb/testing.ts";
import { memoryHost, rowsOf, startTestCapture, systemClock, until } from "./test-capture.ts";
import { memoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { connect, startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;
let plain: TestServer;

beforeAll(async () => {
  server = await startTestServer({ wal_sender_timeout: "1500ms" });
  plain = await startTestServer({ wal_level: "replica" });
}, 60_000);
afterAll(async () => {
  await Promise.all([server.stop(), plain.stop()]);
});

const failureOf = async (url: string): Promise<unknown> => startTestCapture(url, memoryHost()).ended;

describe("a source that cannot be captured says why", { timeout: 60_000 }, () => {
  test("without logical decoding", async () => {
    expect(await failureOf(await plain.createDatabase("plain"))).toMatchObject({
      kind: "source-misconfigured",
      message: expect.stringContaining("set wal_level = logical"),
    });
  });
  test("with a role that may not replicate", async () => {
    const url = await server.createDatabase("roles");
    const sql = await connect(url);
    await sql.query("CREATE ROLE weak LOGIN PASSWORD 'weak'");
    await sql.end();
    expect(await failureOf(url.replace("nova:nova", "weak:weak"))).toMatchObject({
      kind: "source-misconfigured",
      message: expect.stringContaining("REPLICATION"),
    });
  });
  test("with a wrong password, a missing database, a server that is away", async () => {
    const url = await server.createDatabase("reach");
    expect(await failureOf(url.replace("nova:nova", "nova:wrong"))).toMatchObject({ kind: "source-auth" });
    expect(await failureOf(`${url}_missing`)).toMatchObject({
      kind: "source-misconfigured",
      message: expect.stringContaining("does not exist"),
    });
    expect(await failureOf(url.replace(/:\d+\//, ":1/"))).toMatchObject({ kind: "source-unreachable" });
  });
  test("when encryption is asked of a server that has none", async () => {
    const url = await server.createDatabase("unencrypted");
    expect(await failureOf(`${url}?sslmode=require`)).toMatchObject({
      kind: "source-misconfigured",
      message: expect.stringContaining("TLS: the server does not offer it"),
    });
  });
  test("with a publication that leaves out deletes", async () => {
    const url = await server.createDatabase("partial");
    const sql = await connect(url);
    await sql.query("CREATE PUBLICATION nova_orders_db FOR ALL TABLES WITH (publish = 'insert')");
    await sql.end();
    expect(await failureOf(url)).toMatchObject({
      kind: "source-misconfigured",
      message: expect.stringContaining("leaves out"),
    });
  });
});

describe("what the catalog tells", { timeout: 60_000 }, () => {
  test("types, domains followed to their base, keys, comments and personal columns", async () => {
    const url = await server.createDatabase("catalog");
    const sql = await connect(url);
    await sql.query(`CREATE TYPE mood AS ENUM ('ok'); CREATE DOMAIN price AS numeric(10,2); CREATE DOMAIN list_price AS price NOT NULL;
      CREATE TABLE things (b int, a text, amount list_price, mood mood, tags text[], email text, free numeric, PRIMARY KEY (a, b));
      COMMENT ON TABLE things IS 'All things.'; COMMENT ON COLUMN things.amount IS 'What it costs.'`);
    await sql.end();
    const ids = { next: () => "id" };
    const host = memoryCaptureHost("orders_db", {
      clock: systemClock,
      ids,
      piiRule: (stream, column) => (stream === "public.things" && column === "email" ? "direct" : "none"),
      readCopied,
    });
    const capture = startTestCapture(url, host, { slot: "nova_catalog" });
    await capture.streaming();
    await capture.stop();
    const [stream] = await host.streams();
    expect(stream?.schema).toMatchObject({ stream: "public.things", key: ["a", "b"], description: "All things." });
    expect(stream?.schema.columns.map((column) => [column.name, column.sourceType, column.type, column.pii])).toEqual([
      ["b", "integer", "int", "none"],
      ["a", "text", "string", "none"],
      ["amount", "list_price", "decimal(10,2)", "none"],
      ["mood", "mood", "string", "none"],
      ["tags", "text[]", "string", "none"],
      ["email", "text", "string", "direct"],
      ["free", "numeric", "string", "none"],
    ]);
    expect(stream?.schema.columns[2]?.description).toBe("What it costs.");
  });

  test("named tables only, when not all are wanted", async () => {
    const url = await server.createDatabase("some_tables");
    const sql = await connect(url);
    await sql.query(
      'CREATE TABLE wanted (id int PRIMARY KEY); CREATE TABLE "un.wanted" (id int PRIMARY KEY); INSERT INTO wanted VALUES (1); INSERT INTO "un.wanted" VALUES (2)',
    );
    await sql.end();
    const capture = startTestCapture(url, memoryHost(), { slot: "nova_some", tables: ["public.wanted"] });
    await capture.streaming();
    await capture.stop();
    expect(rowsOf(capture.host).map((row) => row.stream)).toEqual(["public.wanted"]);
  });
});

describe("a transaction that is open on the source", { timeout: 60_000 }, () => {
  test("delays the slot; stopping does not wait for it, and the next start begins anew", async () => {
    const url = await server.createDatabase("open_transaction");
    const [sql, open] = [await connect(url), await connect(url)];
    await sql.query("CREATE TABLE items (id int PRIMARY KEY)");
    await open.query("BEGIN; INSERT INTO items VALUES (1)");
    const host = memoryHost();
    const capture = startTestCapture(url, host, { slot: "nova_open" });
    await until(
      "the slot waiting",
      async () => (await sql.query("SELECT 1 FROM pg_replication_slots WHERE slot_name = 'nova_open'")).rowCount === 1,
    );
    await capture.stop();
    await open.query("COMMIT");
    let again = startTestCapture(url, host, { slot: "nova_open" });
    await until("streaming", async () => {
      // The former connection may hold its slot for a moment longer.
      const failed = await Promise.race([again.ended, Promise.resolve(null)]);
      if (failed !== null) again = startTestCapture(url, host, { slot: "nova_open" });
      return host.states.includes("streaming");
    });
    await again.stop();
    expect(rowsOf(host).map(({ op, key }) => [op, key])).toEqual([["r", { id: "1" }]]);
    await Promise.all([sql.end(), open.end()]);
  });
});

describe("a sink that is slow", { timeout: 60_000 }, () => {
  test("does not make the server hang up: its questions are answered meanwhile", async () => {
    const url = await server.createDatabase("slow_sink");
    const sql = await connect(url);
    await sql.query("CREATE TABLE items (id int PRIMARY KEY)");
    const host = memoryHost();
    const capture = startTestCapture(url, host, { slot: "nova_slow" });
    await capture.streaming();
    const slot = (): Promise<{ rows: { active_pid: number }[] }> =>
      sql.query("SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'nova_slow'");
    const [before] = (await slot()).rows;
    let release: () => void = () => undefined;
    host.beforeCommit = () => new Promise((resolve) => (release = resolve));
    await sql.query("INSERT INTO items SELECT generate_series(1, 1000)");
    // Twice the server's patience, measured by the server.
    await sql.query("SELECT pg_sleep(3)");
    expect((await slot()).rows[0]).toEqual(before);
    host.beforeCommit = () => undefined;
    release();
    await until("the rows", () => host.rows.op.length === 1000);
    await capture.stop();
    await sql.end();
  });
});
