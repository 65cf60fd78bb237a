import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type pg from "pg";
import { foldedRows, memoryHost, rowsOf, startTestCapture, until } from "./test-capture.ts";
import { connect, startTestServer, type TestServer } from "./test-server.ts";

let server: TestServer;
let databases = 0;

beforeAll(async () => {
  server = await startTestServer(55260);
}, 60_000);
afterAll(async () => {
  await server.stop();
});

async function database(setup: string): Promise<{ url: string; sql: pg.Client }> {
  databases += 1;
  const url = await server.createDatabase(`capture_${databases}`);
  const sql = await connect(url);
  await sql.query(setup);
  return { url, sql };
}

const slotOf = (): string => `nova_test_${databases}`;

describe("capture of a PostgreSQL database", () => {
  test("rows that are there come first, then every change in order", async () => {
    const { url, sql } = await database(
      "CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text); INSERT INTO orders VALUES (1, 10.50, 'a'), (2, 'NaN', NULL)",
    );
    const capture = startTestCapture(url, memoryHost(), { slot: slotOf() });
    await until("streaming", () => capture.host.states.includes("streaming"));
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
});
