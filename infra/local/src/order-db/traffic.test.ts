import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { seededRandom } from "./random.ts";
import { createOrderDatabase } from "./seed.ts";
import { brokenForeignKeys, wrongOrderSums } from "./test-queries.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { startOrderTraffic, type Rate } from "./traffic.ts";

const DEADLINE = 60_000;
let server: TestPostgres;
let client: Client;
let logged: string[] = [];

async function connect(): Promise<Client> {
  const opened = new Client({ connectionString: server.url("orders") });
  // A restart of the server breaks idle connections; the test opens a new one.
  opened.on("error", () => undefined);
  await opened.connect();
  return opened;
}

beforeAll(async () => {
  server = await startTestPostgres();
  await server.createDatabase("orders");
  await createOrderDatabase({
    connectionString: server.url("orders"),
    log: () => undefined,
    now: new Date(),
    size: { people: 1_000, orders: 4_000, products: 200 },
  });
  client = await connect();
  await client.query("SELECT pg_create_logical_replication_slot('watch', 'test_decoding')");
}, 60_000);

afterAll(async () => {
  await client.end();
  await server.stop();
});

beforeEach(async () => {
  logged = [];
  await client.query("SELECT pg_replication_slot_advance('watch', pg_current_wal_lsn())");
});

/** Runs traffic until `enough` says so, asked again and again with all changes decoded so far. */
async function watch(rate: Rate, enough: (changes: readonly string[]) => boolean): Promise<string[]> {
  const stop = new AbortController();
  const traffic = startOrderTraffic({
    connectionString: server.url("orders"),
    rate,
    signal: stop.signal,
    log: (line) => logged.push(line),
    random: seededRandom(1),
  });
  const changes: string[] = [];
  const end = Date.now() + DEADLINE;
  while (!enough(changes) && Date.now() < end) {
    await pause(200);
    const { rows } = await client.query<{ data: string }>(
      "SELECT data FROM pg_logical_slot_get_changes('watch', NULL, NULL) WHERE data LIKE 'table %'",
    );
    for (const { data } of rows) changes.push(data);
  }
  stop.abort();
  await traffic;
  return changes;
}

const has = (changes: readonly string[], pattern: RegExp): boolean => changes.some((change) => pattern.test(change));
const tablesIn = (changes: readonly string[]): Set<string> =>
  new Set(changes.map((change) => change.slice(6, change.indexOf(":"))));

const EVERY_KIND: Readonly<Record<string, RegExp>> = {
  "a sign-up": /^table public\.customers: INSERT/,
  "an order": /^table public\.orders: INSERT/,
  "its lines": /^table public\.order_lines: INSERT/,
  "its payment": /^table public\.payments: INSERT.*'pi_/,
  "a captured payment": /^table public\.payments: UPDATE.*'captured'/,
  "a delivered order": /^table public\.orders: UPDATE.*'delivered'/,
  "a cancelled order": /^table public\.orders: UPDATE.*'cancelled'/,
  "a returned order": /^table public\.orders: UPDATE.*'returned'/,
  "a return": /^table public\.returns: INSERT/,
  "a refund": /^table public\.refunds: INSERT/,
  "a hard delete of an order": /^table public\.orders: DELETE/,
  "a cascade to lines": /^table public\.order_lines: DELETE/,
  "a corrected quantity": /^table public\.order_lines: UPDATE/,
  "a changed e-mail": /^table public\.customers: UPDATE.*newmail/,
  "a changed key": /^table public\.addresses: UPDATE: old-key/,
  "an update that leaves a long text alone":
    /^table public\.products: UPDATE.*description\[text\]:unchanged-toast-datum/,
  "a new long text": /^table public\.products: UPDATE.*description\[text\]:'New\. /,
  "a closed account": /^table public\.customers: DELETE/,
  "a truncate": /^table public\.price_import_staging: TRUNCATE/,
  "a reload after it": /^table public\.price_import_staging: INSERT/,
  "a change in a table without key": /^table public\.audit_log: (UPDATE: old-key|DELETE: logged_at)/,
  "a row in a partition": /^table public\.stock_movements_\d+: INSERT/,
  "a change in mixed case": /^table public\."StoreKPI": UPDATE/,
  "a change in the other schema": /^table hr\.\w+: UPDATE/,
};

test("peak traffic makes every kind of change and reaches most tables", async () => {
  const missing = (changes: readonly string[]): string[] =>
    Object.entries(EVERY_KIND).flatMap(([kind, pattern]) => (has(changes, pattern) ? [] : [kind]));
  const changes = await watch("peak", (seen) => tablesIn(seen).size >= 80 && missing(seen).length === 0);
  expect(missing(changes)).toEqual([]);
  expect(tablesIn(changes).size).toBeGreaterThanOrEqual(80);
  expect(logged.filter((line) => line.includes("left out"))).toEqual([]);
}, 90_000);

test("an order that somebody typed stays while the shop deletes its own newest", async () => {
  const { rows } = await client.query<{ order_id: string }>(
    `INSERT INTO orders (order_id, customer_id, placed_at)
     SELECT (SELECT max(order_id) + 100000 FROM orders), max(customer_id), now() + interval '1 hour' FROM customers RETURNING order_id`,
  );
  const id = rows[0]?.order_id;
  const isDelete = (change: string): boolean => change.startsWith("table public.orders: DELETE");
  const changes = await watch("peak", (seen) => seen.filter(isDelete).length >= 20);
  expect(changes.filter(isDelete).length).toBeGreaterThanOrEqual(20);
  const { rowCount } = await client.query("DELETE FROM orders WHERE order_id = $1 AND status = 'pending'", [id]);
  expect(rowCount).toBe(1);
}, 90_000);

test("after any amount of traffic the books are right", async () => {
  expect(await brokenForeignKeys(client)).toEqual([]);
  expect(await wrongOrderSums(client)).toBe(0);
});

test.each(["quiet", "normal"] as const)(
  "%s traffic places orders and moves them on",
  async (rate) => {
    const changes = await watch(
      rate,
      (seen) =>
        has(seen, /^table public\.orders: INSERT/) &&
        has(seen, /^table public\.orders: UPDATE/) &&
        has(seen, /^table public\.payments: UPDATE/),
    );
    expect(has(changes, /^table public\.orders: INSERT/)).toBe(true);
    expect(has(changes, /^table public\.payments: UPDATE/)).toBe(true);
  },
  90_000,
);

test("the shop goes on after the database was restarted", async () => {
  const stop = new AbortController();
  const traffic = startOrderTraffic({
    connectionString: server.url("orders"),
    rate: "normal",
    signal: stop.signal,
    log: (line) => logged.push(line),
    random: seededRandom(2),
  });
  const newest = async (): Promise<number> =>
    Number((await client.query<{ id: string }>("SELECT max(order_id) AS id FROM orders")).rows[0]?.id);
  const grown = async (from: number): Promise<number> => {
    for (const end = Date.now() + DEADLINE; Date.now() < end; await pause(100)) if ((await newest()) > from) break;
    return await newest();
  };
  const start = await newest();
  const before = await grown(start);
  expect(before).toBeGreaterThan(start);
  await client.end();
  await server.restart();
  client = await connect();
  const after = await grown(await newest());
  expect(after).toBeGreaterThan(before);
  expect(logged.some((line) => line.startsWith("traffic: database away"))).toBe(true);
  stop.abort();
  await traffic;
}, 90_000);

test("the same seed makes the same choices", () => {
  const [a, b, c] = [seededRandom(5), seededRandom(5), seededRandom(6)];
  const draw = (random: () => number): number[] => Array.from({ length: 20 }, random);
  const first = draw(a);
  expect(first).toEqual(draw(b));
  expect(first).not.toEqual(draw(c));
  expect(Math.max(...first)).toBeLessThan(1);
});
