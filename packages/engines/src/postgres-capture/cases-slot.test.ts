import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestCapture, until } from "./test-capture.ts";
import { type TestDatabases, testDatabases } from "./test-database.ts";

/** Cases of docs/capture.md about the slot and the server; each test names its case's number. */
let databases: TestDatabases;

beforeAll(async () => {
  databases = await testDatabases({ max_slot_wal_keep_size: "1MB", max_wal_size: "32MB", min_wal_size: "32MB" });
}, 60_000);
afterAll(async () => {
  await databases.stop();
});

describe("the slot and the server", { timeout: 60_000 }, () => {
  test("50: a slot whose log was removed is a loud stop", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY)");
    const capture = await database.start();
    await capture.stop();
    await until("the slot to be lost", async () => {
      await database.sql.query(
        "SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000)); SELECT pg_switch_wal()",
      );
      await database.sql.query("CHECKPOINT");
      return (
        (
          await database.sql.query("SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND wal_status = 'lost'", [
            database.slot,
          ])
        ).rowCount === 1
      );
    });
    await expect(startTestCapture(database.url, database.host, { slot: database.slot }).ended).resolves.toMatchObject({
      kind: "slot-lost",
      message: expect.stringContaining("invalidated"),
    });
    await database.end();
  });

  test("51: a slot that another connection still holds is a failure that is tried again", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY)");
    await database.start();
    await expect(startTestCapture(database.url, database.host, { slot: database.slot }).ended).resolves.toMatchObject({
      kind: "source-unreachable",
      message: expect.stringContaining("is active"),
    });
    await database.end();
  });

  test("55: a fast shutdown of the source is a failure that is tried again, and nothing is lost over it", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY)");
    const capture = await database.start();
    await database.sql.query("INSERT INTO t VALUES (1)");
    database.sql.on("error", () => undefined);
    await databases.server.restart();
    await expect(capture.ended).resolves.toMatchObject({ kind: "source-unreachable" });
    await database.start();
    await until("the row", () => database.told("public.t").length === 1);
    await database.end();
  });

  test("56: another cluster under the same address is a loud stop", async () => {
    const database = await databases.make("CREATE TABLE t (id int PRIMARY KEY)");
    const capture = await database.start();
    await capture.stop();
    const streams = await database.host.streams();
    const stream = streams.find((record) => record.stream === "public.t");
    await database.host.commit({
      input: {
        from: "columns",
        columns: {
          stream: [],
          op: [],
          key: [],
          payload: [],
          unchanged: [],
          sourceTs: [],
          position: [],
          schemaVersion: [],
        },
      },
      counts: [],
      bytes: 0,
      position: (await database.host.position()) ?? "",
      progress: [
        {
          stream: "public.t",
          state: "streaming",
          rowsRead: 0,
          rowsExpected: null,
          cursor: stream?.cursor?.replace(/"system":"\d+"/, '"system":"1"') ?? null,
        },
      ],
    });
    await expect(startTestCapture(database.url, database.host, { slot: database.slot }).ended).resolves.toMatchObject({
      kind: "slot-lost",
      message: expect.stringContaining("not the database cluster"),
    });
    await database.end();
  });
});
