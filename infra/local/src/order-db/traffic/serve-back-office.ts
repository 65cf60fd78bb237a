import type { OrderTable } from "../catalog.ts";
import { below } from "../random.ts";
import { change, type Action, type SideTable } from "./action.ts";

/** Tables that have actions of their own. */
const MAIN = new Set(
  ["customers", "orders", "order_lines", "payments", "products", "shipments", "inventory_levels", "returns"].map(
    (name) => `public.${name}`,
  ),
);

/** Tables that an ordinary edit may touch, with an edit that changes something in them. */
export function sideTablesOf(tables: readonly OrderTable[]): SideTable[] {
  return tables.flatMap((table) => {
    if (MAIN.has(table.name) || !table.columns.some((column) => column.name === "updated_at")) return [];
    const free = table.columns.filter(
      (column) =>
        !column.unique &&
        !table.primaryKey.includes(column.name) &&
        column.references === null &&
        column.choices === null &&
        !column.generated,
    );
    const flag = free.find((column) => column.type === "boolean");
    if (flag !== undefined) return [{ name: table.name, edit: `"${flag.name}" = NOT "${flag.name}"` }];
    const count = free.find((column) => column.type === "integer" || column.type === "bigint");
    if (count !== undefined) return [{ name: table.name, edit: `"${count.name}" = "${count.name}" % 1000000 + 1` }];
    return [{ name: table.name, edit: "updated_at = now()" }];
  });
}

/** How many side tables one action reaches at most; the more it reaches, the fewer rows it changes in each. */
const TABLES_AT_ONCE = 8;

/** Somebody edits rows of the next side tables. Rows are found by place on disk, which costs the same in every table. */
export const editSideTables: Action = async (shop, n) => {
  const reached = Math.min(n, TABLES_AT_ONCE);
  let changed = 0;
  for (let i = 0; i < reached; i += 1) {
    const table = shop.sideTables[shop.nextSideTable % shop.sideTables.length];
    shop.nextSideTable += 1;
    if (table === undefined) break;
    changed += await change(
      shop,
      `UPDATE ${table.name} SET ${table.edit} WHERE ctid = ANY(ARRAY(SELECT ctid FROM ${table.name}
         WHERE ctid >= format('(%s,1)', floor($1::double precision * (pg_relation_size('${table.name}') / 8192)))::tid LIMIT $2))`,
      [shop.random(), Math.ceil(n / reached)],
    );
  }
  return changed;
};

/** New prices: the product row changes, its long description (stored out of line) does not. */
export const changePrices: Action = async (shop, n) => {
  const ids = Array.from({ length: n }, () => 1 + below(shop.random, shop.products));
  const factor = shop.random() < 0.5 ? "0.95" : "1.05";
  const noted = await change(
    shop,
    "INSERT INTO price_history (product_id, changed_at, old_price, new_price) SELECT product_id, clock_timestamp(), list_price, round(list_price * $2::numeric, 2) FROM products WHERE product_id = ANY($1) ON CONFLICT DO NOTHING",
    [ids, factor],
  );
  return (
    noted +
    (await change(
      shop,
      "UPDATE products SET list_price = round(list_price * $2::numeric, 2) WHERE product_id = ANY($1)",
      [ids, factor],
    ))
  );
};

/** Texts and properties of products are edited: the out-of-line description changes, or only the JSON and the tags do. */
export const editProducts: Action = async (shop, n) => {
  const ids = Array.from({ length: n }, () => 1 + below(shop.random, shop.products));
  return shop.random() < 0.2
    ? await change(
        shop,
        "UPDATE products SET description = 'New. ' || substr(description, 1, 6000) WHERE product_id = ANY($1)",
        [ids],
      )
    : await change(
        shop,
        "UPDATE products SET attributes = attributes || jsonb_build_object('revision', coalesce((attributes ->> 'revision')::int, 0) + 1), tags = CASE WHEN 'edited' = ANY(tags) THEN tags ELSE tags || 'edited'::text END WHERE product_id = ANY($1)",
        [ids],
      );
};

/** The supplier price file is read again: the staging table is emptied and filled in one transaction. */
export const reloadPriceFile: Action = async (shop, n) => {
  await shop.client.query("TRUNCATE price_import_staging");
  return await change(
    shop,
    "INSERT INTO price_import_staging (line_no, sku, cost, valid_from) SELECT g, 'SKU-' || lpad((1 + (g * 37 + $2::int) % $3::int)::text, 6, '0'), (g % 700) / 7.0, current_date + 1 FROM generate_series(1, $1::int) g",
    [n, below(shop.random, 1000), shop.products],
  );
};

/** The table without a key: rows are added, the oldest is blanked or removed. */
export const writeAuditLog: Action = async (shop, n) => {
  const added = await change(
    shop,
    "INSERT INTO audit_log (actor, action, entity, entity_id, client_ip, details) SELECT 'k.lange', 'update', 'products', $2::bigint + g, '203.0.113.7', jsonb_build_object('price', jsonb_build_array(10 + g, 11 + g)) FROM generate_series(1, $1::int) g",
    [n, below(shop.random, shop.products)],
  );
  const oldest = "ctid = (SELECT ctid FROM audit_log LIMIT 1)";
  return (
    added +
    (shop.random() < 0.5
      ? await change(shop, `UPDATE audit_log SET client_ip = NULL WHERE ${oldest}`)
      : await change(shop, `DELETE FROM audit_log WHERE ${oldest}`))
  );
};

/** Visitors of the web shop, and a question to customer service now and then. */
export const browse: Action = async (shop, n) =>
  (await change(
    shop,
    "INSERT INTO web_sessions (customer_id, landing_page, client_ip, pages, duration) SELECT c.customer_id, '/p/' || c.customer_id % 4000, '203.0.113.9', 1 + c.customer_id % 12, make_interval(secs => c.customer_id % 900) FROM customers c WHERE customer_id = ANY($1)",
    [Array.from({ length: n }, () => 1 + below(shop.random, shop.customers))],
  )) +
  (shop.random() < 0.3
    ? await change(
        shop,
        "INSERT INTO support_tickets (customer_id, subject, priority) SELECT customer_id, 'Where is my parcel?', 2 FROM customers WHERE customer_id = $1",
        [1 + below(shop.random, shop.customers)],
      )
    : 0);
