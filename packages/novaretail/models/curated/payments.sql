/*---
description: One row per payment, the order database's and Stripe's view of it side by side.
owner: finance-data
pipeline: payments
kind: merge
key: payment_key
target_lag: 60s
inputs:
  staged.orders_db__payments:
    via: >
      SELECT 'orders_db:' || CAST(payment_id AS varchar) AS payment_key FROM changed
      UNION
      SELECT 'stripe:' || provider_reference FROM changed WHERE provider_reference LIKE 'pi_%'
    filter: >
      'orders_db:' || CAST(payment_id AS varchar) IN (SELECT payment_key FROM affected)
      OR 'stripe:' || provider_reference IN (SELECT payment_key FROM affected)
  staged.orders_db__refunds:
    via: SELECT 'orders_db:' || CAST(payment_id AS varchar) AS payment_key FROM changed
    filter: payment_id IN (SELECT payment_id FROM staged.orders_db__payments)
  staged.stripe__payment_intent:
    via: >
      SELECT 'stripe:' || id AS payment_key FROM changed
      UNION
      SELECT 'orders_db:' || CAST(p.payment_id AS varchar) FROM changed c JOIN staged.orders_db__payments p ON p.provider_reference = c.id
    filter: >
      'stripe:' || id IN (SELECT payment_key FROM affected)
      OR id IN (SELECT provider_reference FROM staged.orders_db__payments)
  staged.stripe__charge:
    via: >
      SELECT 'stripe:' || payment_intent AS payment_key FROM changed
      UNION
      SELECT 'orders_db:' || CAST(p.payment_id AS varchar) FROM changed c JOIN staged.orders_db__payments p ON p.provider_reference = c.payment_intent
    filter: payment_intent IN (SELECT id FROM staged.stripe__payment_intent)
columns:
  payment_key: { type: string, required: true, description: "orders_db:<payment id>, or stripe:<payment intent> for payments only Stripe knows." }
  payment_id: { type: long, description: "Payment in the order database." }
  order_id: { type: long, description: "Order that was paid." }
  method: { type: string, required: true, description: "card, paypal, gift_card or cash." }
  status: { type: string, description: "pending, captured, failed or refunded, as the order database says; Stripe's status where only Stripe knows." }
  amount: { type: "decimal(12,2)", description: "Money paid, as the order database says." }
  currency: { type: string, description: "ISO 4217 currency." }
  refunded_amount: { type: "decimal(18,2)", required: true, description: "Money paid back, as the order database says." }
  stripe_payment_intent_id: { type: string, description: "Payment intent at Stripe." }
  stripe_amount: { type: "decimal(18,2)", description: "Money received, as Stripe says." }
  stripe_refunded_amount: { type: "decimal(18,2)", description: "Money paid back, as Stripe says." }
  stripe_status: { type: string, description: "Status of the payment intent at Stripe." }
  known_to: { type: string, required: true, description: "both, orders_db or stripe." }
  captured_at: { type: timestamptz, description: "When the money was taken." }
  created_at: { type: timestamptz, description: "When the payment began." }
checks:
  - null_rate: { column: amount, max: 0.02, severity: warning }
  - null_rate: { column: created_at, max: 0 }
---*/
WITH money_back AS (
  SELECT payment_id, sum(amount) AS amount
  FROM staged.orders_db__refunds
  WHERE _deleted_at IS NULL
  GROUP BY payment_id
),
charged AS (
  SELECT payment_intent, sum(amount_refunded) AS amount_refunded
  FROM staged.stripe__charge
  WHERE _deleted_at IS NULL
  GROUP BY payment_intent
),
intents AS (
  SELECT
    i.id,
    i.status,
    upper(i.currency) AS currency,
    i.created,
    CAST(i.amount_received AS decimal(16,0)) * CAST('0.01' AS decimal(3,2)) AS amount_received,
    CAST(c.amount_refunded AS decimal(16,0)) * CAST('0.01' AS decimal(3,2)) AS amount_refunded
  FROM staged.stripe__payment_intent i
  LEFT JOIN charged c ON c.payment_intent = i.id
  WHERE i._deleted_at IS NULL
),
payments AS (
  SELECT p.*, b.amount AS refunded
  FROM staged.orders_db__payments p
  LEFT JOIN money_back b ON b.payment_id = p.payment_id
  WHERE p._deleted_at IS NULL
)
SELECT
  CASE WHEN p.payment_id IS NULL THEN 'stripe:' || i.id ELSE 'orders_db:' || CAST(p.payment_id AS varchar) END AS payment_key,
  p.payment_id,
  p.order_id,
  coalesce(p.method, 'card') AS method,
  coalesce(p.status, i.status) AS status,
  p.amount,
  coalesce(p.currency, i.currency) AS currency,
  CAST(coalesce(p.refunded, 0) AS decimal(18,2)) AS refunded_amount,
  coalesce(i.id, CASE WHEN p.provider_reference LIKE 'pi_%' THEN p.provider_reference END) AS stripe_payment_intent_id,
  CAST(i.amount_received AS decimal(18,2)) AS stripe_amount,
  CAST(i.amount_refunded AS decimal(18,2)) AS stripe_refunded_amount,
  i.status AS stripe_status,
  CASE WHEN p.payment_id IS NULL THEN 'stripe' WHEN i.id IS NULL THEN 'orders_db' ELSE 'both' END AS known_to,
  coalesce(p.captured_at, CASE WHEN p.payment_id IS NULL AND i.status = 'succeeded' THEN i.created END) AS captured_at,
  coalesce(p.created_at, i.created) AS created_at
FROM payments p
FULL OUTER JOIN intents i ON i.id = p.provider_reference
