/*---
description: One row per order in all channels, with its customer, lines, payment and refunds. Deleted orders are gone.
owner: sales-data
pipeline: sales
kind: merge
key: order_id
target_lag: 60s
inputs:
  staged.orders_db__orders: { key: order_id }
  staged.orders_db__order_lines: { key: order_id }
  staged.orders_db__payments: { key: order_id }
  staged.orders_db__refunds:
    via: SELECT p.order_id FROM changed c JOIN staged.orders_db__payments p ON p.payment_id = c.payment_id
    filter: payment_id IN (SELECT payment_id FROM staged.orders_db__payments)
columns:
  order_id: { type: long, required: true, description: "Id of the order in the order database." }
  order_number: { type: string, description: "Number printed on the receipt." }
  customer_id: { type: long, pii: indirect, description: "Customer in the order database." }
  customer_key: { type: string, pii: indirect, description: "The person across all sources; leads to curated.customers." }
  status: { type: string, description: "Where the order stands: pending, paid, packed, shipped, delivered, cancelled or returned." }
  channel: { type: string, description: "Where it was placed: web, app, store or phone." }
  currency: { type: string, description: "ISO 4217 currency of all amounts of the order." }
  subtotal: { type: "decimal(12,2)", description: "Sum of the lines." }
  discount: { type: "decimal(12,2)", description: "Discount on the whole order." }
  shipping: { type: "decimal(12,2)", description: "Shipping charge." }
  tax: { type: "decimal(12,2)", description: "Sales tax." }
  total: { type: "decimal(12,2)", description: "What the customer pays: subtotal - discount + shipping + tax." }
  lines_count: { type: long, required: true, description: "Lines of the order." }
  items_count: { type: long, required: true, description: "Pieces in all lines." }
  payment_status: { type: string, required: true, description: "paid, partly-paid, refunded, failed, pending or none." }
  paid_amount: { type: "decimal(18,2)", required: true, description: "Money captured for the order, refunds not taken off." }
  refunded_amount: { type: "decimal(18,2)", required: true, description: "Money paid back." }
  store_id: { type: int, description: "Shop, for orders placed there." }
  promotion_id: { type: int, description: "Promotion that was applied." }
  placed_at: { type: timestamptz, description: "When the order was placed." }
  updated_at: { type: timestamptz, description: "Last change of the order in the source." }
checks:
  - null_rate: { column: customer_id, max: 0 }
  - null_rate: { column: total, max: 0 }
  - null_rate: { column: placed_at, max: 0 }
  - sql:
      name: total-not-negative
      query: SELECT count(*) FROM curated.orders WHERE total < 0
      severity: warning
      description: No order has a negative total.
---*/
WITH lines AS (
  SELECT order_id, count(*) AS lines_count, sum(quantity) AS items_count
  FROM staged.orders_db__order_lines
  WHERE _deleted_at IS NULL
  GROUP BY order_id
),
money_back AS (
  SELECT payment_id, sum(amount) AS amount
  FROM staged.orders_db__refunds
  WHERE _deleted_at IS NULL
  GROUP BY payment_id
),
money AS (
  SELECT
    p.order_id,
    sum(CASE WHEN p.status IN ('captured', 'refunded') THEN p.amount END) AS paid_amount,
    sum(b.amount) AS refunded_amount,
    count(*) AS payments_count,
    sum(CASE WHEN p.status = 'refunded' THEN 1 ELSE 0 END) AS refunded_count,
    sum(CASE WHEN p.status = 'failed' THEN 1 ELSE 0 END) AS failed_count
  FROM staged.orders_db__payments p
  LEFT JOIN money_back b ON b.payment_id = p.payment_id
  WHERE p._deleted_at IS NULL
  GROUP BY p.order_id
)
SELECT
  o.order_id,
  o.order_number,
  o.customer_id,
  'orders_db:' || CAST(o.customer_id AS varchar) AS customer_key,
  o.status,
  o.channel,
  o.currency,
  o.subtotal,
  o.discount,
  o.shipping,
  o.tax,
  o.total,
  coalesce(l.lines_count, 0) AS lines_count,
  CAST(coalesce(l.items_count, 0) AS bigint) AS items_count,
  CASE
    WHEN m.payments_count IS NULL THEN 'none'
    WHEN m.refunded_count = m.payments_count THEN 'refunded'
    WHEN m.failed_count = m.payments_count THEN 'failed'
    WHEN m.paid_amount >= o.total THEN 'paid'
    WHEN m.paid_amount > 0 THEN 'partly-paid'
    ELSE 'pending'
  END AS payment_status,
  CAST(coalesce(m.paid_amount, 0) AS decimal(18,2)) AS paid_amount,
  CAST(coalesce(m.refunded_amount, 0) AS decimal(18,2)) AS refunded_amount,
  o.store_id,
  o.promotion_id,
  o.placed_at,
  o.updated_at
FROM staged.orders_db__orders o
LEFT JOIN lines l ON l.order_id = o.order_id
LEFT JOIN money m ON m.order_id = o.order_id
WHERE o._deleted_at IS NULL
