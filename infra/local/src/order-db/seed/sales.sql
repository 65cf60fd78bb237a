-- Order n is placed n-th within the 90 days before now; who, what and how follow from hashes of its number.
INSERT INTO order_lines (order_line_id, order_id, line_no, product_id, quantity, unit_price, discount, line_total, updated_at)
SELECT row_number() OVER (), o, line_no, p.product_id, quantity, price, reduced, quantity * price - reduced,
  pg_temp.seed_now() - interval '90 days' + interval '90 days' * ((o - 0.5) / pg_temp.seed_size('orders'))
FROM generate_series(1, pg_temp.seed_size('orders')) o,
  LATERAL (SELECT pg_temp.roll(o, 50, 100) AS r) c,
  LATERAL generate_series(1, CASE WHEN r < 40 THEN 1 WHEN r < 68 THEN 2 WHEN r < 86 THEN 3 WHEN r < 94 THEN 4 ELSE 5 END) line_no,
  LATERAL (SELECT 1 + floor(power(pg_temp.chance(o * 8 + line_no, 51), 1.6) * pg_temp.seed_size('products'))::bigint AS wanted) w
  JOIN products p ON p.product_id = wanted,
  LATERAL (SELECT 1 + (pg_temp.roll(o * 8 + line_no, 52, 10) / 8) * (1 + pg_temp.roll(o * 8 + line_no, 53, 3)) AS quantity, round(p.list_price, 2) AS price) q,
  LATERAL (SELECT CASE WHEN pg_temp.roll(o * 8 + line_no, 54, 12) = 0 THEN round(quantity * price * 0.1, 2) ELSE 0 END AS reduced) d;

-- OFFSET 0 keeps the planner from copying an expression to every place its result is used.
INSERT INTO orders (order_id, order_number, customer_id, status, channel, currency, subtotal, discount, shipping, tax, total, store_id, promotion_id, notes, placed_at, updated_at)
SELECT o, 'NR-' || lpad(o::text, 8, '0'), customer, status::order_status, channel, CASE WHEN customer % 10 = 1 THEN 'USD' WHEN customer % 14 = 2 THEN 'GBP' WHEN customer % 29 = 3 THEN 'SEK' ELSE 'EUR' END,
  subtotal, reduced, shipping, tax, subtotal - reduced + shipping + tax,
  CASE WHEN channel = 'store' THEN 1 + pg_temp.roll(o, 61, 24) END, CASE WHEN reduced > 0 THEN 1 + pg_temp.roll(o, 62, 40) END,
  CASE WHEN pg_temp.roll(o, 63, 40) = 0 THEN (ARRAY['Please ring twice', 'Bitte beim Nachbarn abgeben', 'C''est un cadeau 🎁', 'Leave at the door'])[1 + pg_temp.roll(o, 64, 4)] END,
  placed, least(pg_temp.seed_now(), placed + CASE status WHEN 'pending' THEN interval '0' WHEN 'paid' THEN interval '3 minutes' WHEN 'packed' THEN interval '8 hours' WHEN 'shipped' THEN interval '1 day' ELSE interval '3 days' END)
FROM (SELECT order_id AS o, sum(line_total) AS subtotal FROM order_lines GROUP BY order_id) l,
  LATERAL (SELECT pg_temp.seed_now() - interval '90 days' + interval '90 days' * ((o - 0.5) / pg_temp.seed_size('orders')) AS placed, pg_temp.roll(o, 65, 100) AS fate, pg_temp.roll(o, 66, 100) AS way OFFSET 0) t,
  LATERAL (SELECT CASE WHEN way < 52 THEN 'web' WHEN way < 78 THEN 'app' WHEN way < 96 THEN 'store' ELSE 'phone' END AS channel OFFSET 0) c,
  -- Customers who joined later are not asked for yet; those who joined early buy more.
  LATERAL (SELECT 1 + floor(power(pg_temp.chance(o, 67), 1.3) * pg_temp.seed_size('people') * (0.9 + 0.1 * (o - 1.0) / pg_temp.seed_size('orders')))::bigint AS customer OFFSET 0) w,
  LATERAL (SELECT CASE WHEN fate < 6 THEN 'cancelled' WHEN channel = 'store' THEN CASE WHEN fate < 9 THEN 'returned' ELSE 'delivered' END
    WHEN placed > pg_temp.seed_now() - interval '20 minutes' THEN 'pending' WHEN placed > pg_temp.seed_now() - interval '8 hours' THEN 'paid'
    WHEN placed > pg_temp.seed_now() - interval '1 day' THEN 'packed' WHEN placed > pg_temp.seed_now() - interval '3 days' THEN 'shipped' WHEN fate < 11 THEN 'returned' ELSE 'delivered' END AS status OFFSET 0) s,
  LATERAL (SELECT CASE WHEN pg_temp.roll(o, 68, 9) = 0 THEN round(subtotal * 0.1, 2) ELSE 0 END AS reduced, CASE WHEN channel = 'store' OR subtotal >= 50 THEN 0 ELSE 4.95 END AS shipping OFFSET 0) m,
  LATERAL (SELECT round((subtotal - reduced + shipping) * 0.19, 2) AS tax OFFSET 0) x
ORDER BY o;
CREATE INDEX orders_placed_at_idx ON orders (placed_at);

INSERT INTO payments (payment_id, order_id, method, provider, provider_reference, amount, currency, status, captured_at, created_at, updated_at)
SELECT payment_id, order_id, method, CASE method WHEN 'card' THEN 'stripe' WHEN 'paypal' THEN 'paypal' WHEN 'gift_card' THEN 'novagift' END,
  CASE method WHEN 'card' THEN pg_temp.payment_intent_id(payment_id) WHEN 'paypal' THEN 'PAY-' || upper(substr(md5('paypal' || payment_id), 1, 17)) END,
  total, currency, state, CASE WHEN state IN ('captured', 'refunded') THEN least(placed_at + interval '2 minutes', pg_temp.seed_now()) END, placed_at, updated_at
FROM (SELECT row_number() OVER (ORDER BY order_id) AS payment_id, o.*, pg_temp.roll(order_id, 70, 100) AS r FROM orders o
    WHERE status <> 'cancelled' OR pg_temp.roll(order_id, 71, 10) < 4) p,
  LATERAL (SELECT CASE WHEN channel = 'store' THEN CASE WHEN r < 55 THEN 'card' WHEN r < 62 THEN 'gift_card' ELSE 'cash' END WHEN r < 70 THEN 'card' WHEN r < 95 THEN 'paypal' ELSE 'gift_card' END AS method) m,
  LATERAL (SELECT CASE status WHEN 'pending' THEN 'pending' WHEN 'cancelled' THEN 'failed' WHEN 'returned' THEN 'refunded' ELSE 'captured' END AS state) s
ORDER BY 1;

INSERT INTO refunds (payment_id, amount, reason, created_at)
SELECT payment_id, CASE WHEN payment_id % 3 = 0 THEN round(amount / 2, 2) ELSE amount END, (ARRAY['return', 'goodwill', 'late delivery'])[1 + pg_temp.roll(payment_id, 72, 3)], updated_at
FROM payments WHERE status = 'refunded' ORDER BY payment_id;

INSERT INTO returns (return_id, order_id, reason_code, status, requested_at, received_at, updated_at)
SELECT row_number() OVER (ORDER BY order_id), order_id, (ARRAY['SIZE', 'DAMAGED', 'LATE', 'WRONG', 'QUALITY', 'MIND'])[1 + pg_temp.roll(order_id, 73, 6)], 'accepted', updated_at - interval '1 day', updated_at, updated_at
FROM orders WHERE status = 'returned' ORDER BY order_id;
INSERT INTO return_lines (return_id, order_line_id, quantity, condition)
SELECT return_id, order_line_id, 1, (ARRAY['new', 'opened', 'damaged'])[1 + pg_temp.roll(order_line_id, 74, 3)] FROM returns JOIN order_lines USING (order_id) WHERE line_no <= 2;

INSERT INTO shipments (shipment_id, order_id, carrier_id, warehouse_id, tracking_number, status, shipped_at, delivered_at, updated_at)
SELECT row_number() OVER (ORDER BY order_id), order_id, 1 + pg_temp.roll(order_id, 75, 5), 1 + pg_temp.roll(order_id, 76, 8), 'SP' || lpad((order_id * 7919)::text, 12, '0'),
  CASE WHEN status = 'shipped' THEN 'in transit' ELSE 'delivered' END, placed_at + interval '1 day', CASE WHEN status <> 'shipped' THEN least(placed_at + interval '3 days', pg_temp.seed_now()) END, updated_at
FROM orders WHERE channel <> 'store' AND status IN ('shipped', 'delivered', 'returned') ORDER BY order_id;
INSERT INTO shipment_events (shipment_id, code, place, happened_at, reported_at)
SELECT shipment_id, code, (ARRAY['Leipzig', 'Lyon', 'Poznań', 'Örebro', '大阪'])[1 + pg_temp.roll(shipment_id, 77, 5)], at, at + make_interval(secs => pg_temp.roll(shipment_id, 78, 900))
FROM shipments, LATERAL (VALUES ('PICKED_UP', shipped_at), ('DELIVERED', delivered_at)) e (code, at) WHERE at > pg_temp.seed_now() - interval '50 days' ORDER BY shipment_id;

INSERT INTO order_status_history (order_id, changed_at, status, changed_by)
SELECT order_id, placed_at + step, s, CASE WHEN s = 'packed' THEN 'warehouse' ELSE 'shop' END
FROM orders, LATERAL (VALUES ('pending'::order_status, interval '0'), ('paid', interval '3 minutes'), ('packed', interval '8 hours'), ('shipped', interval '1 day')) h (s, step)
WHERE placed_at > pg_temp.seed_now() - interval '5 days' AND s <= status AND status < 'cancelled';
INSERT INTO shipment_lines (shipment_id, order_line_id, quantity)
SELECT shipment_id, order_line_id, quantity FROM shipments JOIN order_lines USING (order_id) WHERE shipped_at > pg_temp.seed_now() - interval '5 days';
INSERT INTO stock_reservations (order_id, product_id, quantity, expires_at)
SELECT order_id, product_id, quantity, placed_at + interval '7 days' FROM orders JOIN order_lines USING (order_id) WHERE status IN ('pending', 'paid');
INSERT INTO stock_movements (moved_at, warehouse_id, product_id, quantity, reason, order_id)
SELECT updated_at, 1 + pg_temp.roll(order_line_id, 79, 8), product_id, -quantity, 'sale', order_id FROM order_lines WHERE order_line_id % 3 = 0 ORDER BY order_line_id;
INSERT INTO "StoreKPI" ("StoreId", "Day", "Revenue (EUR)", "conversionRate", "select")
SELECT store_id, (placed_at AT TIME ZONE 'UTC')::date, sum(total), 0.1 + avg(pg_temp.chance(order_id, 80)) / 5, CASE WHEN max(total) > 400 THEN 'big sale' END FROM orders WHERE store_id IS NOT NULL AND status <> 'cancelled' GROUP BY 1, 2;
INSERT INTO invoices (order_id, invoice_number, net, tax, issued_on)
SELECT order_id, 'INV-' || lpad(row_number() OVER (ORDER BY order_id)::text, 7, '0'), total - tax, tax, placed_at::date FROM orders WHERE channel = 'phone' AND status = 'delivered';
