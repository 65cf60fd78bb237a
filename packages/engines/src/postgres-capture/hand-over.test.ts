import type pg from "pg";
import { HOUR } from "@nova/pipeline-core/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseCursor } from "./snapshot-cursor.ts";
import { foldedRows, memoryHost, rowsOf, startTestCapture, until } from "./test-capture.ts";
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
  const url = await server.createDatabase(`handover_${databases}`);
  const sql = await connect(url);
  await sql.query(setup);
  return { url, sql, slot: `nova_handover_${databases}` };
}

const TABLE = "CREATE TABLE items (id int PRIMARY KEY, amount int NOT NULL, note text)";

/** What the table holds, as raw should tell it. */
async function oracle(sql: pg.Client): Promise<Record<string, string | null>[]> {
  const { rows } = await sql.query("SELECT id::text, amount::text, note FROM items ORDER BY items.id");
  return rows as Record<string, string | null>[];
}

function captured(host: ReturnType<typeof memoryHost>): Record<string, string | null>[] {
  return [...foldedRows(host, "public.items").values()].toSorted(
    (left, right) => Number(left["id"]) - Number(right["id"]),
  );
}

/** Inserts, updates, deletes, key changes and a rollback, `rounds` times. */
async function traffic(
  url: string,
  rounds: number,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const sql = await connect(url);
  for (let round = 0; round < rounds; round += 1) {
    await sql.query("BEGIN");
    await sql.query("INSERT INTO items SELECT 100000 + $1::int * 10 + n, n, 'new' FROM generate_series(0, 9) n", [
      round,
    ]);
    await sql.query("UPDATE items SET amount = amount + 1 WHERE id % 50 = $1::int % 50", [round]);
    await sql.query("COMMIT");
    await sql.query("DELETE FROM items WHERE id = $1", [100_000 + round * 10 + 3]);
    await sql.query("UPDATE items SET id = id + 1000000 WHERE id = $1", [100_000 + round * 10 + 4]);
    await sql.query("BEGIN");
    await sql.query("DELETE FROM items");
    await sql.query("ROLLBACK");
    await between();
  }
  await sql.end();
}

/** Waits until everything before now is in raw. */
async function caughtUp(sql: pg.Client, host: ReturnType<typeof memoryHost>): Promise<void> {
  await sql.query("INSERT INTO items VALUES (-1, 0, 'last') ON CONFLICT (id) DO UPDATE SET note = items.note || '.'");
  const { rows } = await sql.query<{ note: string }>("SELECT note FROM items WHERE id = -1");
  await until("the last change", () => foldedRows(host, "public.items").get('{"id":"-1"}')?.["note"] === rows[0]?.note);
}

describe("hand-over from the snapshot to the stream", { timeout: 60_000 }, () => {
  test("rows that are there come first, then every change in order", async () => {
    const { url, sql, slot } = await database(
      "CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text); INSERT INTO orders VALUES (1, 10.50, 'a'), (2, 'NaN', NULL)",
    );
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    await sql.query("INSERT INTO orders VALUES (3, 1e40, E'tab\\t\"quote\" \\\\ back')");
    await sql.query("UPDATE orders SET total = 11 WHERE id = 1");
    await sql.query("DELETE FROM orders WHERE id = 2");
    await until("three changes", () => rowsOf(capture.host).length >= 5);
    await capture.stop();
    await sql.end();
    expect(rowsOf(capture.host).map(({ op, key, payload }) => ({ op, key, payload }))).toEqual([
      { op: "r", key: { id: "1" }, payload: { id: "1", total: "10.50", note: "a" } },
      { op: "r", key: { id: "2" }, payload: { id: "2", total: "NaN", note: null } },
      {
        op: "c",
        key: { id: "3" },
        payload: { id: "3", total: "10000000000000000000000000000000000000000", note: 'tab\t"quote" \\ back' },
      },
      { op: "u", key: { id: "1" }, payload: { id: "1", total: "11", note: "a" } },
      { op: "d", key: { id: "2" }, payload: null },
    ]);
    expect([...foldedRows(capture.host, "public.orders").keys()]).toEqual(['{"id":"1"}', '{"id":"3"}']);
  });

  test("loses and doubles nothing while the table changes all the time", async () => {
    const { url, sql, slot } = await database(
      `${TABLE}; INSERT INTO items SELECT n, n, 'old' FROM generate_series(1, 20000) n`,
    );
    const busy = traffic(url, 40);
    const capture = startTestCapture(url, memoryHost(), { slot, snapshotChunkRows: 3_000 });
    await capture.streaming();
    await busy;
    await caughtUp(sql, capture.host);
    await capture.stop();
    expect(captured(capture.host)).toEqual(await oracle(sql));
    const positions = rowsOf(capture.host, "public.items")
      .filter((row) => row.op !== "r")
      .map((row) => row.position);
    expect(new Set(positions).size).toBe(positions.length);
    expect(positions).toEqual(positions.toSorted());
    await sql.end();
  });

  test("a snapshot that dies goes on behind the last committed chunk, and changes of meanwhile win", async () => {
    const { url, sql, slot } = await database(
      `${TABLE}; INSERT INTO items SELECT n, n, 'old' FROM generate_series(1, 20000) n`,
    );
    const host = memoryHost();
    host.beforeCommit = (batch) => {
      if (host.rows.op.length > 6_000 && batch.counts.length > 0)
        throw new Error("killed in the middle of the snapshot");
    };
    await expect(startTestCapture(url, host, { slot, snapshotChunkRows: 2_000 }).ended).resolves.toMatchObject({
      message: "killed in the middle of the snapshot",
    });
    const readBefore = host.rows.op.length;
    expect(readBefore).toBeGreaterThan(6_000);
    await traffic(url, 10);
    host.beforeCommit = () => undefined;
    const capture = startTestCapture(url, host, { slot, snapshotChunkRows: 2_000 });
    await capture.streaming();
    await caughtUp(sql, host);
    await capture.stop();
    expect(captured(host)).toEqual(await oracle(sql));
    const reads = rowsOf(host, "public.items")
      .filter((row) => row.op === "r")
      .map((row) => row.key?.["id"]);
    expect(new Set(reads).size).toBe(reads.length);
    await sql.end();
  });

  test("a large table is read in ranges of its key by several connections under one snapshot, dies, and every range goes on", async () => {
    const { url, sql, slot } = await database(
      `${TABLE}; INSERT INTO items SELECT n * 3, n, 'old' FROM generate_series(1, 20000) n; CREATE TABLE small (id text PRIMARY KEY); INSERT INTO small VALUES ('a'), ('b'); ANALYZE`,
    );
    const host = memoryHost();
    const reading = { slot, snapshotChunkRows: 2_000, snapshotPartRows: 4_000, snapshotConnections: 3 };
    host.beforeCommit = (batch) => {
      if (host.rows.op.length > 8_000 && batch.counts.length > 0) throw new Error("killed in the middle of the ranges");
    };
    const dying = startTestCapture(url, host, reading);
    let connections = 0;
    let over = false;
    void dying.ended.then(() => (over = true));
    const watching = until("the end", async () => {
      const { rows } = await sql.query<{ open: number }>(
        "SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name = 'nova-capture-snapshot'",
      );
      connections = Math.max(connections, rows[0]?.open ?? 0);
      return over;
    });
    await expect(dying.ended).resolves.toMatchObject({ message: "killed in the middle of the ranges" });
    await watching;
    expect(connections).toBeLessThanOrEqual(3);
    const cursor = (await host.streams()).find(({ stream }) => stream === "public.items")?.cursor ?? "";
    const { parts } = parseCursor(cursor);
    expect(parts).toHaveLength(5);
    expect(parts?.filter(({ after, done }) => after !== null || done).length).toBeGreaterThan(1);
    await traffic(url, 10);
    host.beforeCommit = () => undefined;
    const capture = startTestCapture(url, host, reading);
    await capture.streaming();
    await caughtUp(sql, host);
    await capture.stop();
    expect(captured(host)).toEqual(await oracle(sql));
    const reads = rowsOf(host, "public.items").flatMap(({ op, key }) => (op === "r" ? [key?.["id"]] : []));
    expect(new Set(reads).size).toBe(reads.length);
    await sql.end();
  });

  test("a start that died before its first commit leaves no slot that would lose rows", async () => {
    const { url, sql, slot } = await database(`${TABLE}; INSERT INTO items VALUES (1, 1, 'old')`);
    const host = memoryHost();
    host.beforeCommit = () => {
      throw new Error("killed before the first commit");
    };
    await startTestCapture(url, host, { slot }).ended;
    await sql.query("INSERT INTO items VALUES (2, 2, 'new')");
    host.beforeCommit = () => undefined;
    const capture = startTestCapture(url, host, { slot });
    await capture.streaming();
    await caughtUp(sql, host);
    await capture.stop();
    expect(captured(host)).toEqual(await oracle(sql));
    await sql.end();
  });
});

describe("a stream that is killed and resumed", { timeout: 60_000 }, () => {
  test.each([
    ["before the commit", "before"],
    ["after the commit, before its answer", "after"],
  ] as const)("%s, again and again during traffic, loses and doubles nothing", async (_name, point) => {
    const { url, sql, slot } = await database(
      `${TABLE}; INSERT INTO items SELECT n, n, 'old' FROM generate_series(1, 500) n`,
    );
    const host = memoryHost();
    let capture = startTestCapture(url, host, { slot });
    await capture.streaming();
    const busy = traffic(url, 60, () => new Promise((resolve) => setTimeout(resolve, 10)));
    for (let kill = 0; kill < 5; kill += 1) {
      const commitsThen = host.batches.length;
      const die = (): void => {
        if (host.batches.length > commitsThen + 1) throw new Error("killed");
      };
      host.beforeCommit = point === "before" ? die : () => undefined;
      host.afterCommit = point === "after" ? die : () => undefined;
      // Changes go on until the kill has found its commit.
      let ended = false;
      void capture.ended.then(() => (ended = true));
      await until("the kill", async () => {
        await sql.query("UPDATE items SET amount = amount + 1 WHERE id = 1");
        return ended;
      });
      host.beforeCommit = () => undefined;
      host.afterCommit = () => undefined;
      capture = startTestCapture(url, host, { slot });
    }
    await busy;
    await caughtUp(sql, host);
    await capture.stop();
    expect(captured(host)).toEqual(await oracle(sql));
    const positions = rowsOf(host, "public.items")
      .filter((row) => row.op !== "r")
      .map((row) => row.position);
    expect(new Set(positions).size).toBe(positions.length);
    await sql.end();
  });

  test("in the middle of a transaction larger than a batch, it goes on at the next row", async () => {
    const { url, sql, slot } = await database(TABLE);
    const host = memoryHost();
    let capture = startTestCapture(url, host, { slot, flush: { maxRows: 1_000 } });
    await capture.streaming();
    host.afterCommit = () => {
      if (host.rows.op.length >= 4_000) throw new Error("killed inside the transaction");
    };
    await sql.query("INSERT INTO items SELECT n, n, 'big' FROM generate_series(1, 10500) n");
    await capture.ended;
    expect(host.rows.op.length).toBeLessThan(10_500);
    host.afterCommit = () => undefined;
    capture = startTestCapture(url, host, { slot, flush: { maxRows: 1_000 } });
    await caughtUp(sql, host);
    await capture.stop();
    expect(rowsOf(host, "public.items").filter((row) => row.payload?.["note"] === "big")).toHaveLength(10_500);
    expect(captured(host)).toEqual(await oracle(sql));
    await sql.end();
  });

  test("a cut connection is a failure that is tried again, and the next run goes on", async () => {
    const { url, sql, slot } = await database(`${TABLE}; INSERT INTO items VALUES (1, 1, 'old')`);
    const host = memoryHost();
    const first = startTestCapture(url, host, { slot });
    await first.streaming();
    await sql.query("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = $1", [slot]);
    await expect(first.ended).resolves.toMatchObject({ kind: "source-unreachable" });
    await sql.query("UPDATE items SET amount = 2");
    const second = startTestCapture(url, host, { slot });
    await caughtUp(sql, host);
    await second.stop();
    expect(captured(host)).toEqual(await oracle(sql));
    await sql.end();
  });
});

describe("the slot", { timeout: 60_000 }, () => {
  test("moves on while the database is idle or busy elsewhere, and dataThrough with it", async () => {
    const { url, sql, slot } = await database(TABLE);
    const capture = startTestCapture(url, memoryHost(), { slot });
    await capture.streaming();
    const { rows } = await sql.query<{ lsn: string; at: Date }>(
      "SELECT pg_logical_emit_message(false, 'other', repeat('x', 100000))::text AS lsn, clock_timestamp() AS at",
    );
    await until("the slot to pass it", async () => {
      const slots = await sql.query(
        "SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND confirmed_flush_lsn >= $2::pg_lsn",
        [slot, rows[0]?.lsn],
      );
      return slots.rowCount === 1;
    });
    await until("dataThrough", () => (capture.host.through()?.getTime() ?? 0) >= (rows[0]?.at.getTime() ?? 0));
    await capture.stop();
    expect(capture.host.rows.op).toEqual([]);
    await sql.end();
  });

  test("moves on when the machine's clock is set an hour ahead and back again", async () => {
    const { url, sql, slot } = await database(TABLE);
    let ahead = 0;
    const host = memoryHost({ now: () => new Date(Date.now() + ahead) });
    const capture = startTestCapture(url, host, { slot });
    await capture.streaming();
    for (const millis of [HOUR, 0, -HOUR, 0]) {
      await caughtUp(sql, host);
      ahead = millis;
    }
    await caughtUp(sql, host);
    await capture.stop();
    expect(captured(host)).toEqual(await oracle(sql));
    await sql.end();
  });

  const drop = "SELECT pg_drop_replication_slot($1)";
  const write = "SELECT pg_logical_emit_message(true, $1, 'some log')";
  test.each([
    ["dropped", [drop]],
    ["made anew by someone else", [drop, write, "SELECT pg_create_logical_replication_slot($1, 'pgoutput')"]],
    ["moved by someone else", [write, "SELECT pg_replication_slot_advance($1, pg_current_wal_lsn())"]],
  ])("%s while we were away: a loud stop", async (_name, sabotage) => {
    const { url, sql, slot } = await database(TABLE);
    const host = memoryHost();
    const capture = startTestCapture(url, host, { slot });
    await capture.streaming();
    await capture.stop();
    await sql.query("INSERT INTO items VALUES (1, 1, 'never seen')");
    await until(
      "the slot to be free",
      async () =>
        (await sql.query("SELECT 1 FROM pg_replication_slots WHERE slot_name = $1 AND NOT active", [slot])).rowCount ===
        1,
    );
    for (const statement of sabotage) await sql.query(statement, [slot]);
    await expect(startTestCapture(url, host, { slot }).ended).resolves.toMatchObject({ kind: "slot-lost" });
    await sql.end();
  });
});
