import type { SourceDiagnosis } from "@nova/pipeline-core/connectors";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diagnosePostgres } from "./diagnose.ts";
import { type TestDatabases, testDatabases } from "./test-database.ts";
import { memoryHost, startTestCapture } from "./test-capture.ts";
import { connect, startTestServer } from "./test-server.ts";

let databases: TestDatabases;

beforeAll(async () => {
  databases = await testDatabases();
}, 60_000);
afterAll(async () => {
  await databases.stop();
});

const told = ({ findings }: SourceDiagnosis, outcome: string): string[] =>
  findings.filter((each) => each.outcome === outcome).map((each) => each.requirement);

describe("a source's requirements", { timeout: 60_000 }, () => {
  test("each that is not met comes with the statement that mends it, and running the statements mends all", async () => {
    const database =
      await databases.make(`CREATE TABLE fine (id int PRIMARY KEY); CREATE TABLE keyless (a int); CREATE TABLE told (a int); ALTER TABLE told REPLICA IDENTITY FULL;
      CREATE SCHEMA inner_part; CREATE TABLE inner_part.hidden (id int PRIMARY KEY); CREATE TABLE walled (id int PRIMARY KEY); ALTER TABLE walled ENABLE ROW LEVEL SECURITY;
      CREATE TABLE nothing_told (id int PRIMARY KEY); ALTER TABLE nothing_told REPLICA IDENTITY NOTHING;
      CREATE ROLE "the weak" LOGIN PASSWORD 'weak'; GRANT SELECT ON fine, nova_mark, keyless, told, walled, nothing_told TO "the weak"`);
    const { url, sql } = database;
    const source = {
      connectionString: url.replace("nova:nova", "the%20weak:weak"),
      slot: "nova_checked",
      publication: "nova_checked",
      tables: null,
    };
    const before = await diagnosePostgres(source);
    expect(told(before, "wrong")).toEqual([
      "Replication role",
      "Publication",
      "Right to read inner_part.hidden",
      "Right to read public.walled",
      "Replica identity of public.keyless",
      "Replica identity of public.nothing_told",
    ]);
    expect(told(before, "warning")).toEqual(["Limit of kept log", "Primary key of public.told"]);
    for (const { outcome, remedy } of before.findings) if (outcome === "wrong") await sql.query(remedy ?? "");
    const after = await diagnosePostgres(source);
    expect(told(after, "wrong")).toEqual([]);
    const host = memoryHost();
    const capture = startTestCapture(source.connectionString, host, {
      slot: source.slot,
      publication: source.publication,
    });
    await capture.streaming();
    await capture.stop();
    expect(host.streamErrors.size).toBe(0);
    await database.end();
  });

  test("every table without a way to tell its rows apart is left out of a new publication: the application's own writes go on", async () => {
    const database = await databases.make(
      "CREATE TABLE keyless (a int); INSERT INTO keyless VALUES (1); CREATE TABLE fine (id int PRIMARY KEY)",
    );
    await database.start();
    await database.sql.query("UPDATE keyless SET a = 2; INSERT INTO fine VALUES (1)");
    await database.caughtUp();
    expect(database.told("public.fine")).toHaveLength(1);
    expect((await database.host.streams()).map((record) => record.stream)).toEqual(["public.fine", "public.nova_mark"]);
    await database.end();
  });

  test("a server without logical decoding or room says so; one that is away is a finding, not a failure", async () => {
    const plain = await startTestServer({
      wal_level: "replica",
      max_replication_slots: "1",
      max_slot_wal_keep_size: "1GB",
    });
    try {
      const url = await plain.createDatabase("plain");
      const sql = await connect(url);
      await sql.query(
        "SELECT pg_create_physical_replication_slot('taken'); CREATE PUBLICATION nova_orders_db FOR ALL TABLES WITH (publish = 'insert')",
      );
      await sql.end();
      const source = { connectionString: url, slot: "nova_orders_db", publication: "nova_orders_db", tables: null };
      const diagnosis = await diagnosePostgres(source);
      expect(
        diagnosis.findings.filter((each) => each.outcome === "wrong").map((each) => [each.requirement, each.remedy]),
      ).toEqual([
        ["Logical decoding", "ALTER SYSTEM SET wal_level = logical;"],
        ["Room for a slot", "ALTER SYSTEM SET max_replication_slots = 5;"],
        ["Publication", "ALTER PUBLICATION \"nova_orders_db\" SET (publish = 'insert, update, delete, truncate');"],
      ]);
      const away = await diagnosePostgres({ ...source, connectionString: url.replace(/:\d+\//, ":1/") });
      expect(away.findings).toMatchObject([
        { requirement: "Connection", outcome: "wrong", found: expect.stringContaining("ECONNREFUSED") },
      ]);
    } finally {
      await plain.stop();
    }
  });
});
