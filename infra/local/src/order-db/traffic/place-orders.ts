import { stripePaymentIntentId } from "../references.ts";
import { below, oneOf } from "../random.ts";
import { change, type Action, type Shop } from "./action.ts";

const ORDERS =
  "json_to_recordset($1::json) AS w (order_id bigint, payment_id bigint, customer_id bigint, channel text, store_id int, method text, reference text, notes text)";
const LINES = "json_to_recordset($2::json) AS l (order_id bigint, line_no int, product_id bigint, quantity int)";

interface Basket {
  readonly orders: readonly object[];
  readonly lines: readonly object[];
}

async function chooseBaskets(shop: Shop, n: number): Promise<Basket> {
  const { random } = shop;
  const { rows } = await shop.client.query<{ order_id: string; payment_id: string }>(
    "SELECT nextval('orders_order_id_seq') AS order_id, nextval('payments_payment_id_seq') AS payment_id FROM generate_series(1, $1)",
    [n],
  );
  const lines: object[] = [];
  const orders = rows.map(({ order_id: orderId, payment_id: paymentId }) => {
    const channel = oneOf(random, ["web", "web", "web", "app", "app", "store", "store", "phone"]);
    const method =
      channel === "store"
        ? oneOf(random, ["card", "cash", "gift_card"])
        : oneOf(random, ["card", "card", "card", "paypal", "gift_card"]);
    const count = 1 + Math.floor(random() ** 2 * 5);
    for (let line = 1; line <= count; line += 1) {
      lines.push({
        order_id: orderId,
        line_no: line,
        product_id: 1 + Math.floor(random() ** 1.6 * shop.products),
        quantity: 1 + Math.floor(random() ** 3 * 4),
      });
    }
    return {
      order_id: orderId,
      payment_id: paymentId,
      // Every tenth order comes from the newest thousand accounts.
      customer_id:
        random() < 0.1 ? Math.max(1, shop.customers - below(random, 1000)) : 1 + below(random, shop.customers),
      channel,
      store_id: channel === "store" ? 1 + below(random, 24) : null,
      method,
      reference: method === "card" ? stripePaymentIntentId(Number(paymentId)) : null,
      notes: random() < 0.03 ? "Bitte beim Nachbarn abgeben 🙂" : null,
    };
  });
  return { orders, lines };
}

/** Orders with lines, payment, stock movement and reservation. Customers and products that are gone are passed over. */
export const placeOrders: Action = async (shop, n) => {
  const basket = await chooseBaskets(shop, n);
  const orders = JSON.stringify(basket.orders);
  const lines = JSON.stringify(basket.lines);
  return (
    (await change(
      shop,
      `INSERT INTO orders (order_id, customer_id, channel, store_id, notes, subtotal, shipping, tax, total)
       SELECT w.order_id, w.customer_id, w.channel, w.store_id, w.notes, s.subtotal, d.shipping, round((s.subtotal + d.shipping) * 0.19, 2), s.subtotal + d.shipping + round((s.subtotal + d.shipping) * 0.19, 2)
       FROM ${ORDERS} JOIN customers USING (customer_id)
       JOIN (SELECT l.order_id, sum(l.quantity * round(p.list_price, 2)) AS subtotal FROM ${LINES} JOIN products p USING (product_id) GROUP BY 1) s USING (order_id),
       LATERAL (SELECT CASE WHEN w.channel = 'store' OR s.subtotal >= 50 THEN 0 ELSE 4.95 END AS shipping) d`,
      [orders, lines],
    )) +
    (await change(
      shop,
      `INSERT INTO order_lines (order_id, line_no, product_id, quantity, unit_price, line_total)
       SELECT l.order_id, l.line_no, p.product_id, l.quantity, round(p.list_price, 2), l.quantity * round(p.list_price, 2) FROM ${LINES.replace("$2", "$1")} JOIN orders USING (order_id) JOIN products p USING (product_id)`,
      [lines],
    )) +
    (await change(
      shop,
      `INSERT INTO payments (payment_id, order_id, method, provider, provider_reference, amount, currency)
       SELECT w.payment_id, w.order_id, w.method, CASE w.method WHEN 'card' THEN 'stripe' WHEN 'paypal' THEN 'paypal' WHEN 'gift_card' THEN 'novagift' END, w.reference, o.total, o.currency FROM ${ORDERS} JOIN orders o USING (order_id)`,
      [orders],
    )) +
    (await change(
      shop,
      `INSERT INTO order_status_history (order_id, status) SELECT w.order_id, 'pending' FROM ${ORDERS} JOIN orders USING (order_id)`,
      [orders],
    )) +
    (await change(
      shop,
      `INSERT INTO stock_movements (warehouse_id, product_id, quantity, reason, order_id) SELECT 1 + l.order_id % 8, l.product_id, -l.quantity, 'sale', l.order_id FROM ${LINES.replace("$2", "$1")} JOIN orders USING (order_id) JOIN products USING (product_id)`,
      [lines],
    )) +
    (await change(
      shop,
      `UPDATE inventory_levels i SET reserved = i.reserved + s.pieces, on_hand = CASE WHEN i.on_hand < 20 THEN i.on_hand + 300 ELSE i.on_hand - s.pieces END
       FROM (SELECT 1 + l.order_id % 8 AS warehouse_id, l.product_id, sum(l.quantity)::int AS pieces FROM ${LINES.replace("$2", "$1")} GROUP BY 1, 2) s WHERE i.warehouse_id = s.warehouse_id AND i.product_id = s.product_id`,
      [lines],
    ))
  );
};
