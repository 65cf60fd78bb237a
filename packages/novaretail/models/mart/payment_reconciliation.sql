/*---
description: Card payments of a day, the order database against Stripe, by outcome. Anything but matched needs a look.
owner: finance-data
pipeline: marts
kind: partitioned
key: [payment_date, currency, outcome]
refresh_key: payment_date
schedule: { cron: "15 6-20 * * *", zone: Europe/Berlin }
gate:
  through: tick
  at_most: 40m
  after_that: run
  check:
    name: stripe-has-told
    description: Stripe has told of payments of that day
    per: day
    at_most: 2h
    query: >-
      SELECT CAST(created_at AS date), sum(CASE WHEN known_to <> 'orders_db' THEN 1 ELSE 0 END)
      FROM curated.payments WHERE created_at IS NOT NULL GROUP BY 1
timeout: 20m
pool: heavy
parameters:
  tolerance: { type: "decimal(12,2)", default: 0, min: 0, max: 5, description: "Difference between the two amounts up to which a payment still counts as matched." }
backfill: { runs: per_range }
inputs:
  curated.payments:
    key: CAST(created_at AS date)
    range: { column: created_at, grain: day }
columns:
  payment_date: { type: date, required: true, description: "Day the payments began, in UTC." }
  currency: { type: string, required: true, description: "ISO 4217 currency of the amounts." }
  outcome: { type: string, required: true, description: "matched, amount-differs, missing-at-stripe, only-at-stripe, or no-stripe-history for days before Stripe's event list begins." }
  payments_count: { type: long, required: true, description: "Payments with this outcome." }
  orders_db_amount: { type: "decimal(18,2)", required: true, description: "Money captured, as the order database says." }
  stripe_amount: { type: "decimal(18,2)", required: true, description: "Money received, as Stripe says." }
  difference: { type: "decimal(18,2)", required: true, description: "orders_db_amount - stripe_amount." }
checks:
  - row_count: { min: 1, severity: warning }
---*/
WITH days AS (
  SELECT CAST(created_at AS date) AS payment_date, sum(CASE WHEN known_to <> 'orders_db' THEN 1 ELSE 0 END) AS stripe_count
  FROM curated.payments
  WHERE created_at IS NOT NULL
  GROUP BY 1
),
judged AS (
  SELECT
    CAST(p.created_at AS date) AS payment_date,
    coalesce(p.currency, 'unknown') AS currency,
    CASE
      WHEN p.known_to = 'stripe' THEN 'only-at-stripe'
      WHEN p.known_to = 'orders_db' AND d.stripe_count = 0 THEN 'no-stripe-history'
      WHEN p.known_to = 'orders_db' THEN 'missing-at-stripe'
      WHEN abs(p.amount - p.stripe_amount) <= param('tolerance') THEN 'matched'
      ELSE 'amount-differs'
    END AS outcome,
    coalesce(p.amount, 0) AS amount,
    coalesce(p.stripe_amount, 0) AS stripe_amount
  FROM curated.payments p
  JOIN days d ON d.payment_date = CAST(p.created_at AS date)
  WHERE p.method = 'card' AND p.status IN ('captured', 'refunded', 'succeeded')
)
SELECT
  payment_date,
  currency,
  outcome,
  count(*) AS payments_count,
  CAST(sum(amount) AS decimal(18,2)) AS orders_db_amount,
  CAST(sum(stripe_amount) AS decimal(18,2)) AS stripe_amount,
  CAST(sum(amount) - sum(stripe_amount) AS decimal(18,2)) AS difference
FROM judged
GROUP BY 1, 2, 3
