import type { LakeWriter } from "@nova/engines/duckdb/testing";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import { STAGED_CONTRACTS } from "@nova/novaretail";

export const ORDERS = "staged.orders_db__orders";
export const CURATED = "curated.orders";
const SYSTEM = {
  _op: "string",
  _source_ts: "timestamptz",
  _position: "string",
  _merged_at: "timestamptz",
  _deleted_at: "timestamptz",
};
const FIRST_DAY = "TIMESTAMPTZ '2020-01-01 00:00:00+00'";
const LOADED = `'c' AS _op, ${FIRST_DAY} AS _source_ts, lpad(i::VARCHAR, 12, '0') AS _position, ${FIRST_DAY} AS _merged_at, NULL::TIMESTAMPTZ AS _deleted_at`;

/** An order's own columns, by its number `i`. */
const ORDER = `i AS order_id, 'NR-' || i AS order_number, hash(i) % 3000000 AS customer_id, 'shipped' AS status, ['web', 'app', 'store'][1 + i % 3] AS channel, 'EUR' AS currency,
  (50 + hash(i) % 100)::DECIMAL(12,2) AS subtotal, 0::DECIMAL(12,2) AS discount, 4.90::DECIMAL(12,2) AS shipping, 5::DECIMAL(12,2) AS tax, (59.90 + hash(i) % 100)::DECIMAL(12,2) AS total,
  NULL::INTEGER AS store_id, NULL::INTEGER AS promotion_id, ${FIRST_DAY} + to_seconds(i * 20) AS placed_at, ${FIRST_DAY} + to_seconds(i * 20) AS updated_at`;

/**
 * Staged tables of `orders` orders in the order of their keys, each with one line and one payment, and `curated.orders` as the
 * model makes it of them.
 */
export async function fillOrders(writer: LakeWriter, orders: number, model: ModelFile): Promise<void> {
  const staged = (table: string, key: string, select: string, rows = orders): Promise<void> =>
    writer.fill(`staged.orders_db__${table}`, {
      columns: { ...STAGED_CONTRACTS[`staged.orders_db__${table}`], ...SYSTEM },
      key: [key],
      queries: rangesTo(rows).map((range) => `SELECT ${select}, ${LOADED} FROM ${range}`),
    });
  await staged("orders", "order_id", ORDER);
  await staged(
    "order_lines",
    "order_line_id",
    `i AS order_line_id, i AS order_id, 1 AS line_no, hash(i) % 5000 AS product_id, 2 AS quantity, 25::DECIMAL(12,2) AS unit_price, 0::DECIMAL(12,2) AS discount, 50::DECIMAL(12,2) AS line_total, ${FIRST_DAY} AS updated_at`,
  );
  await staged(
    "payments",
    "payment_id",
    `i AS payment_id, i AS order_id, 'card' AS method, 'stripe' AS provider, 'pi_' || i AS provider_reference, (59.90 + hash(i) % 100)::DECIMAL(12,2) AS amount, 'EUR' AS currency, 'captured' AS status, ${FIRST_DAY} AS captured_at, ${FIRST_DAY} AS created_at, ${FIRST_DAY} AS updated_at`,
  );
  await staged(
    "refunds",
    "refund_id",
    `i AS refund_id, i * 100 AS payment_id, 0::DECIMAL(12,2) AS amount, 'damaged' AS reason, ${FIRST_DAY} AS created_at`,
    Math.ceil(orders / 100),
  );
  await writer.fill(model.name, {
    columns: Object.fromEntries(Object.entries(model.header.columns).map(([name, { type }]) => [name, type])),
    key: model.header.key ?? [],
    queries: rangesTo(orders).map(
      (
        range,
      ) => `SELECT *, 'orders_db:' || customer_id AS customer_key, 1 AS lines_count, 2 AS items_count, 'paid' AS payment_status, total::DECIMAL(18,2) AS paid_amount, 0::DECIMAL(18,2) AS refunded_amount
              FROM (SELECT ${ORDER} FROM ${range})`,
    ),
    properties: { "nova.code-version": model.codeVersion },
  });
}

/** Rows of a file. */
const PART = 5_000_000;

/** The numbers from 1 to `rows`, in parts. */
function rangesTo(rows: number): string[] {
  return Array.from(
    { length: Math.ceil(rows / PART) },
    (_, part) => `range(${part * PART + 1}, ${Math.min(rows, (part + 1) * PART) + 1}) r(i)`,
  );
}

/** Rows of `staged.orders_db__orders` as a later change left them; `numbers` is a SELECT of the orders' numbers, `i`. */
export function changedOrders(numbers: string, change: number): string {
  return `SELECT * REPLACE (total + ${change} AS total, now() AS updated_at, now() AS _merged_at) FROM (SELECT ${ORDER}, ${LOADED} FROM (${numbers}))`;
}
