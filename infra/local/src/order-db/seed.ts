import { Client } from "pg";
import { PEOPLE, person } from "../people.ts";
import { readOrderTables } from "./catalog.ts";
import { fillStatement } from "./fill-table.ts";
import { schemaStatements, sqlFile } from "./schema.ts";

export interface SeedSize {
  /** Customers with an account; people 0 to `people - 1`. */
  readonly people: number;
  /** Orders of the last 90 days; about 2.1 lines each. */
  readonly orders: number;
  readonly products: number;
}

export const FULL_SIZE: SeedSize = { people: PEOPLE, orders: 212_000, products: 4_000 };

export interface OrderDatabaseOptions {
  /** A superuser: foreign key triggers rest while the rows are loaded. */
  readonly connectionString: string;
  readonly log: (line: string) => void;
  /** The moment at which 90 days of history end. Same `now` and `size`, same rows. */
  readonly now: Date;
  /** Default: `FULL_SIZE`. */
  readonly size?: SeedSize;
}

/** Rows of side tables at full size; those not named get `SIDE_ROWS`. */
const ROWS: Readonly<Record<string, number>> = {
  "public.audit_log": 10_000,
  "public.carts": 4_000,
  "public.cart_lines": 8_000,
  "public.customer_consents": 30_000,
  "public.customer_devices": 15_000,
  "public.customer_identities": 15_000,
  "public.customer_preferences": 5_000,
  "public.customer_segment_members": 20_000,
  "public.email_sends": 25_000,
  "public.fraud_screenings": 8_000,
  "public.loyalty_members": 5_000,
  "public.loyalty_transactions": 20_000,
  "public.payment_attempts": 10_000,
  "public.price_list_entries": 12_000,
  "public.price_import_staging": 500,
  "public.product_images": 6_000,
  "public.product_reviews": 12_000,
  "public.product_variants": 10_000,
  "public.reorder_rules": 4_000,
  "public.search_terms": 6_000,
  "public.store_visits": 12_000,
  "public.supplier_products": 8_000,
  "public.support_tickets": 8_000,
  "public.support_messages": 20_000,
  "public.warehouse_bins": 5_000,
  "public.web_sessions": 30_000,
  "public.wishlist_items": 6_000,
  "public.wishlists": 3_000,
  "public.knowledge_articles": 150,
  "public.email_templates": 40,
  "public.suppliers": 120,
  "hr.employees": 420,
  "hr.shifts": 5_000,
};
const SIDE_ROWS = 200;
const FEWEST_ROWS = 12;
const MARK = "NovaRetail order database, seeded";
const PEOPLE_PER_STATEMENT = 5_000;

/** Whether the seed has been committed; the mark is written in the same transaction as the rows. */
async function isSeeded(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ mark: string | null }>(
    "SELECT obj_description('public'::regnamespace) AS mark",
  );
  return rows[0]?.mark?.startsWith(MARK) === true;
}

async function fillSideTables(client: Client, share: number): Promise<void> {
  for (const table of await readOrderTables(client)) {
    const { rows } = await client.query<{ empty: boolean }>(`SELECT NOT EXISTS (SELECT FROM ${table.name}) AS empty`);
    if (rows[0]?.empty !== true) continue;
    const full = ROWS[table.name] ?? SIDE_ROWS;
    await client.query(fillStatement(table, Math.max(Math.min(full, FEWEST_ROWS), Math.round(full * share))));
  }
}

async function seed(client: Client, size: SeedSize, log: (line: string) => void): Promise<void> {
  const started = performance.now();
  const phase = (name: string): void =>
    log(`order database: ${name} after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  for (const statement of schemaStatements()) await client.query(statement);
  await client.query(sqlFile("schema", "before-load.sql"));
  phase("tables created");
  await client.query(sqlFile("seed", "lookups.sql"));
  const insertPeople = sqlFile("seed", "people.sql");
  for (let from = 0; from < size.people; from += PEOPLE_PER_STATEMENT) {
    const chunk = Array.from({ length: Math.min(PEOPLE_PER_STATEMENT, size.people - from) }, (_, i) =>
      person(from + i),
    );
    await client.query(insertPeople, [JSON.stringify(chunk)]);
  }
  await client.query(sqlFile("seed", "products.sql"));
  phase("customers and products loaded");
  await client.query(sqlFile("seed", "sales.sql"));
  await client.query(sqlFile("seed", "settle-times.sql"));
  phase("orders loaded");
  await fillSideTables(client, size.orders / FULL_SIZE.orders);
  phase("side tables filled");
  await client.query(sqlFile("schema", "after-load.sql"));
  phase("indexes built");
}

/**
 * Creates the order database and its 90 days of history in one transaction: after a crash there is all or nothing.
 * Does nothing when the database is already seeded.
 */
export async function createOrderDatabase({
  connectionString,
  log,
  now,
  size = FULL_SIZE,
}: OrderDatabaseOptions): Promise<{ seeded: boolean }> {
  const client = new Client({ connectionString, application_name: "order-db-seed" });
  // The running statement rejects when the connection breaks; without a listener the event would end the process first.
  client.on("error", (error) => log(`order database: connection lost: ${error.message}`));
  await client.connect();
  try {
    if (await isSeeded(client)) return { seeded: false };
    await client.query("BEGIN");
    await client.query(
      "SET LOCAL session_replication_role = replica; SET LOCAL synchronous_commit = off; SET LOCAL work_mem = '64MB'; SET LOCAL maintenance_work_mem = '256MB'; SET LOCAL TimeZone = 'UTC'; SET LOCAL client_min_messages = warning; SET LOCAL jit = off",
    );
    for (const [name, value] of Object.entries({ now: now.toISOString(), ...size }))
      await client.query("SELECT set_config($1, $2, true)", [`seed.${name}`, String(value)]);
    await client.query(sqlFile("seed", "functions.sql"));
    await seed(client, size, log);
    await client.query(`COMMENT ON SCHEMA public IS '${MARK} with ${size.orders} orders up to ${now.toISOString()}'`);
    await client.query("COMMIT");
    // The rest is small enough to wait for autovacuum.
    await client.query("ANALYZE customers, products, orders, order_lines, payments, refunds, shipments");
    return { seeded: true };
  } finally {
    await client.end();
  }
}
