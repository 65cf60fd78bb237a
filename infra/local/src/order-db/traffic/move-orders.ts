import { oneOf } from "../random.ts";
import { change, type Action, type Shop } from "./action.ts";

/** Takes the oldest orders of one status to another, with the note in their history. A bank takes five seconds to answer. */
async function step(shop: Shop, n: number, from: string, to: string): Promise<{ ids: string[]; changed: number }> {
  const { rows } = await shop.client.query<{ order_id: string }>(
    "UPDATE orders SET status = $2 WHERE order_id IN (SELECT order_id FROM orders WHERE status = $1 AND placed_at < now() - interval '5 seconds' ORDER BY order_id LIMIT $3 FOR UPDATE SKIP LOCKED) RETURNING order_id",
    [from, to, n],
  );
  const ids = rows.map((row) => row.order_id);
  const noted = await change(
    shop,
    "INSERT INTO order_status_history (order_id, status) SELECT id, $2 FROM unnest($1::bigint[]) id",
    [ids, to],
  );
  return { ids, changed: ids.length + noted };
}

export const capturePayments: Action = async (shop, n) => {
  const { ids, changed } = await step(shop, n, "pending", "paid");
  return (
    changed +
    (await change(
      shop,
      "UPDATE payments SET status = 'captured', captured_at = now() WHERE order_id = ANY($1) AND status = 'pending'",
      [ids],
    ))
  );
};

export const packOrders: Action = async (shop, n) => (await step(shop, n, "paid", "packed")).changed;

export const shipOrders: Action = async (shop, n) => {
  const { ids, changed } = await step(shop, n, "packed", "shipped");
  return (
    changed +
    (await change(
      shop,
      "INSERT INTO shipments (order_id, carrier_id, warehouse_id, tracking_number, status, shipped_at) SELECT id, 1 + id % 5, 1 + id % 8, 'SP' || lpad((id * 7919)::text, 12, '0'), 'in transit', now() FROM unnest($1::bigint[]) id",
      [ids],
    )) +
    (await change(
      shop,
      "INSERT INTO shipment_events (shipment_id, code, place) SELECT shipment_id, 'PICKED_UP', 'Leipzig' FROM shipments WHERE order_id = ANY($1)",
      [ids],
    ))
  );
};

export const deliverOrders: Action = async (shop, n) => {
  const { ids, changed } = await step(shop, n, "shipped", "delivered");
  return (
    changed +
    (await change(shop, "UPDATE shipments SET status = 'delivered', delivered_at = now() WHERE order_id = ANY($1)", [
      ids,
    ])) +
    (await change(
      shop,
      "INSERT INTO shipment_events (shipment_id, code, place) SELECT shipment_id, 'DELIVERED', 'Lyon' FROM shipments WHERE order_id = ANY($1)",
      [ids],
    ))
  );
};

/** The customer thinks better of it before the parcel is packed. */
export const cancelOrders: Action = async (shop, n) => {
  const { ids, changed } = await step(shop, n, oneOf(shop.random, ["pending", "paid"]), "cancelled");
  return (
    changed +
    (await change(
      shop,
      "UPDATE payments SET status = CASE status WHEN 'captured' THEN 'refunded' ELSE 'failed' END WHERE order_id = ANY($1)",
      [ids],
    )) +
    (await refund(shop, ids, "cancelled"))
  );
};

const refund = (shop: Shop, ids: readonly string[], reason: string): Promise<number> =>
  change(
    shop,
    "INSERT INTO refunds (payment_id, amount, reason) SELECT payment_id, amount, $2 FROM payments WHERE order_id = ANY($1) AND status = 'refunded'",
    [ids, reason],
  );

/** Delivered goods come back and the money goes back. */
export const returnOrders: Action = async (shop, n) => {
  const { rows } = await shop.client.query<{ order_id: string }>(
    `UPDATE orders SET status = 'returned' WHERE order_id IN (SELECT order_id FROM orders WHERE order_id >= (SELECT max(order_id) FROM orders) * $1::double precision AND status = 'delivered' ORDER BY order_id LIMIT $2) RETURNING order_id`,
    [0.5 + shop.random() / 2.5, n],
  );
  const ids = rows.map((row) => row.order_id);
  return (
    ids.length +
    (await change(
      shop,
      "INSERT INTO returns (order_id, reason_code) SELECT id, (ARRAY['SIZE', 'DAMAGED', 'LATE', 'WRONG', 'QUALITY', 'MIND'])[1 + id % 6] FROM unnest($1::bigint[]) id",
      [ids],
    )) +
    (await change(
      shop,
      "INSERT INTO return_lines (return_id, order_line_id, quantity) SELECT r.return_id, l.order_line_id, l.quantity FROM returns r JOIN order_lines l USING (order_id) WHERE r.order_id = ANY($1) AND r.status = 'announced' AND l.line_no = 1 ON CONFLICT DO NOTHING",
      [ids],
    )) +
    (await change(shop, "UPDATE payments SET status = 'refunded' WHERE order_id = ANY($1) AND status = 'captured'", [
      ids,
    ])) +
    (await refund(shop, ids, "return"))
  );
};

/**
 * Orders placed by mistake are deleted for good, with all that hangs on them. An order without lines was typed by a
 * person who is watching what becomes of it, and stays; so does one by card, whose payment Stripe keeps for ever.
 */
export const deleteOrders: Action = (shop, n) =>
  change(
    shop,
    "DELETE FROM orders WHERE order_id IN (SELECT order_id FROM orders o WHERE status = 'pending' AND EXISTS (SELECT FROM order_lines l WHERE l.order_id = o.order_id) AND NOT EXISTS (SELECT FROM payments p WHERE p.order_id = o.order_id AND p.method = 'card') ORDER BY order_id DESC LIMIT $1 FOR UPDATE SKIP LOCKED)",
    [n],
  );

/** A quantity was typed wrong: the line and the sums of its order change. */
export const correctQuantities: Action = async (shop, n) => {
  const { rows } = await shop.client.query<{ order_id: string }>(
    `UPDATE order_lines SET quantity = quantity + 1, line_total = (quantity + 1) * unit_price - discount
     WHERE order_line_id IN (SELECT order_line_id FROM order_lines WHERE order_line_id >= (SELECT max(order_line_id) FROM order_lines) * $1::double precision ORDER BY order_line_id LIMIT $2) RETURNING order_id`,
    [shop.random(), n],
  );
  const orders = await change(
    shop,
    `UPDATE orders o SET subtotal = s.subtotal, tax = t.tax, total = s.subtotal - o.discount + o.shipping + t.tax
     FROM (SELECT order_id, sum(line_total) AS subtotal FROM order_lines WHERE order_id = ANY($1) GROUP BY 1) s, LATERAL (SELECT round(s.subtotal * 0.19, 2) AS tax) t WHERE o.order_id = s.order_id`,
    [[...new Set(rows.map((row) => row.order_id))]],
  );
  return rows.length + orders;
};
