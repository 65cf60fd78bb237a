import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { person } from "../people.ts";
import { readOrderTables } from "./catalog.ts";
import { stripePaymentIntentId } from "./references.ts";
import { createOrderDatabase, type SeedSize } from "./seed.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { brokenForeignKeys, wrongOrderSums } from "./test-queries.ts";

const SIZE: SeedSize = { people: 1_000, orders: 4_000, products: 200 };
const NOW = new Date("2026-11-20T10:00:00Z");
const quiet = (): void => undefined;

let server: TestPostgres;
let client: Client;

async function open(database: string): Promise<Client> {
  const opened = new Client({ connectionString: server.url(database) });
  await opened.connect();
  return opened;
}

async function seeded(database: string): Promise<void> {
  await server.createDatabase(database);
  await createOrderDatabase({ connectionString: server.url(database), log: quiet, now: NOW, size: SIZE });
}

beforeAll(async () => {
  server = await startTestPostgres();
  await seeded("orders");
  client = await open("orders");
}, 60_000);

afterAll(async () => {
  await client.end();
  await server.stop();
});

async function list<T>(sql: string): Promise<T[]> {
  const { rows } = await client.query({ text: sql, rowMode: "array" });
  return (rows as [T][]).map(([value]) => value);
}

test("there are about 150 tables, each with rows", async () => {
  const tables = await readOrderTables(client);
  const inPublic = tables.filter((table) => table.name.startsWith("public."));
  expect(inPublic.length).toBeGreaterThanOrEqual(145);
  expect(tables.length).toBeLessThanOrEqual(160);
  expect(tables.length - inPublic.length).toBeGreaterThan(5);
  const empty: string[] = [];
  for (const { name } of tables) if ((await list(`SELECT 1 FROM ${name} LIMIT 1`)).length === 0) empty.push(name);
  expect(empty).toEqual([]);
});

test("every table names its module and every column says what it holds", async () => {
  expect(
    await list(`SELECT c.oid::regclass::text FROM pg_class c WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace IN ('public'::regnamespace, 'hr'::regnamespace)
      AND obj_description(c.oid, 'pg_class') !~ '^[a-z]+: [A-Z]' IS DISTINCT FROM false`),
  ).toEqual([]);
  expect(
    await list(`SELECT c.oid::regclass || '.' || attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE relkind IN ('r', 'p') AND NOT relispartition
      AND relnamespace IN ('public'::regnamespace, 'hr'::regnamespace) AND attnum > 0 AND col_description(c.oid, attnum) IS NULL`),
  ).toEqual([]);
});

test("sizes follow the options", async () => {
  const count = async (table: string): Promise<number> =>
    Number((await list<string>(`SELECT count(*) FROM ${table}`))[0]);
  expect(await count("customers")).toBe(SIZE.people);
  expect(await count("orders")).toBe(SIZE.orders);
  expect((await count("order_lines")) / SIZE.orders).toBeCloseTo(2.1, 0);
  expect((await count("payments")) / SIZE.orders).toBeGreaterThan(0.93);
  expect(
    await list("SELECT max(placed_at) <= '2026-11-20T10:00Z' AND min(placed_at) < '2026-08-23' FROM orders"),
  ).toEqual([true]);
});

test("customers are the people every source knows", async () => {
  const { rows } = await client.query<{ id: string; email: string; name: string; former: string | null }>(
    `SELECT customer_id AS id, c.email, last_name AS name, (SELECT h.email FROM customer_emails h WHERE h.customer_id = c.customer_id AND valid_to < '2026-11-20T10:00Z') AS former FROM customers c`,
  );
  const expected = rows.map(({ id }) => person(Number(id) - 1));
  expect(rows.map(({ email, name, former }) => [email, name, former])).toEqual(
    expected.map((who) => [who.email, who.lastName, who.previousEmail]),
  );
});

test("card payments carry the payment intent Stripe has", async () => {
  const { rows } = await client.query<{ id: string; reference: string }>(
    "SELECT payment_id AS id, provider_reference AS reference FROM payments WHERE method = 'card'",
  );
  expect(rows.length).toBeGreaterThan(1_000);
  expect(rows.filter(({ id, reference }) => reference !== stripePaymentIntentId(Number(id)))).toEqual([]);
});

test("foreign keys hold and sums add up", async () => {
  expect(await brokenForeignKeys(client)).toEqual([]);
  expect(await wrongOrderSums(client)).toBe(0);
});

test("all that makes capture hard is there", async () => {
  const types = await list<string>(
    `SELECT DISTINCT format_type(atttypid, atttypmod) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE attnum > 0 AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace`,
  );
  expect(types).toEqual(
    expect.arrayContaining([
      "numeric",
      "numeric(12,2)",
      "jsonb",
      "text[]",
      "integer[]",
      "uuid",
      "timestamp with time zone",
      "timestamp without time zone",
      "date",
      "time without time zone",
      "order_status",
      "percentage",
      "email_address",
      "bytea",
      "boolean",
      "smallint",
      "bigint",
      "real",
      "double precision",
      "inet",
      "interval",
      "character(3)",
    ]),
  );
  expect(await list("SELECT relname FROM pg_class WHERE relkind = 'p'")).toEqual(["stock_movements"]);
  expect(await list(`SELECT count(DISTINCT tableoid) > 2 FROM stock_movements`)).toEqual([true]);
  expect(
    await list(
      "SELECT relname FROM pg_class c WHERE relkind = 'r' AND relreplident = 'f' AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND contype = 'p')",
    ),
  ).toEqual(["audit_log"]);
  expect(await list("SELECT count(*) > 5 FROM pg_attribute WHERE attgenerated = 's'")).toEqual([true]);
  expect(await list('SELECT count("select") > 0 FROM "StoreKPI" WHERE "Revenue (EUR)" > 0')).toEqual([true]);
  expect(await list("SELECT count(pg_column_toast_chunk_id(description)) > 100 FROM products")).toEqual([true]);
  expect(
    await list(
      "SELECT EXISTS (SELECT FROM price_lists WHERE valid_to = 'infinity') OR EXISTS (SELECT FROM tax_rates WHERE valid_from = '-infinity')",
    ),
  ).toEqual([true]);
  expect(
    await list(
      "SELECT count(*) > 0 FROM size_charts WHERE array_ndims(measurements) = 2 AND array_position(labels, NULL) IS NULL",
    ),
  ).toEqual([true]);
  expect(await list("SELECT count(*) > 0 FROM store_hours WHERE closes = '24:00'")).toEqual([true]);
  expect(await list("SELECT count(*) > 0 FROM feature_flags WHERE rules = 'null'::jsonb")).toEqual([true]);
});

test("the same seed gives the same rows", async () => {
  await seeded("again");
  const again = await open("again");
  const different: string[] = [];
  try {
    for (const { name } of await readOrderTables(client)) {
      const digest = `SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) AS digest FROM ${name} t`;
      const [here, there] = [await client.query(digest), await again.query(digest)];
      if (here.rows[0].digest !== there.rows[0].digest) different.push(name);
    }
  } finally {
    await again.end();
  }
  expect(different).toEqual([]);
}, 30_000);

test("a second start changes nothing", async () => {
  expect(
    await createOrderDatabase({ connectionString: server.url("orders"), log: quiet, now: new Date(), size: SIZE }),
  ).toEqual({ seeded: false });
  expect(await list("SELECT count(*)::int FROM orders")).toEqual([SIZE.orders]);
});

test("a seed that was cut short leaves nothing and can be done again", async () => {
  await server.createDatabase("cut");
  const options = { connectionString: server.url("cut"), now: NOW, size: SIZE };
  const cutShort = createOrderDatabase({
    ...options,
    log: (line) => {
      if (line.includes("customers and products loaded"))
        void client.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'cut'");
    },
  });
  await expect(cutShort).rejects.toThrow(/terminat/);
  expect(await createOrderDatabase({ ...options, log: quiet })).toEqual({ seeded: true });
}, 30_000);

test("an order is placed, changed and deleted by hand with the least words", async () => {
  const [orderId] = await list<string>("INSERT INTO orders (customer_id, total) VALUES (42, 99.90) RETURNING order_id");
  expect(Number(orderId)).toBe(SIZE.orders + 1);
  expect(
    await list(`SELECT (status, channel, currency, total, order_number)::text FROM orders WHERE order_id = ${orderId}`),
  ).toEqual(["(pending,web,EUR,99.90,NR-00004001)"]);
  await client.query(
    `INSERT INTO order_lines (order_id, product_id, unit_price, line_total) VALUES (${orderId}, 7, 99.90, 99.90)`,
  );
  await client.query(`INSERT INTO payments (order_id, amount) VALUES (${orderId}, 99.90)`);
  expect(
    await list(`UPDATE orders SET status = 'paid' WHERE order_id = ${orderId} RETURNING updated_at > placed_at`),
  ).toEqual([true]);
  await client.query(`DELETE FROM orders WHERE order_id = ${orderId}`);
  expect(await list(`SELECT count(*)::int FROM payments WHERE order_id = ${orderId}`)).toEqual([0]);
});
