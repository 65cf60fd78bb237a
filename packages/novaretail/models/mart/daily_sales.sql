/*---
description: Sales per day, channel and currency. Cancelled orders are counted apart and never in the amounts.
owner: sales-data
pipeline: marts
kind: partitioned
key: [sale_date, channel, currency]
refresh_key: sale_date
target_lag: 120s
inputs:
  curated.orders:
    key: CAST(placed_at AS date)
    range: { column: placed_at, grain: day }
columns:
  sale_date: { type: date, required: true, description: "Day the orders were placed, in UTC." }
  channel: { type: string, required: true, description: "Where they were placed: web, app, store or phone." }
  currency: { type: string, required: true, description: "ISO 4217 currency of the amounts." }
  orders_count: { type: long, required: true, description: "Orders that were not cancelled." }
  cancelled_count: { type: long, required: true, description: "Orders that were cancelled." }
  customers_count: { type: long, required: true, description: "Different people who ordered." }
  items_count: { type: long, required: true, description: "Pieces ordered." }
  gross_sales: { type: "decimal(18,2)", required: true, description: "Sum of order totals." }
  discounts: { type: "decimal(18,2)", required: true, description: "Sum of discounts on whole orders." }
  refunds: { type: "decimal(18,2)", required: true, description: "Money paid back on these orders so far." }
  net_sales: { type: "decimal(18,2)", required: true, description: "gross_sales - refunds." }
checks:
  - row_count: { min: 1, severity: warning }
  - sql:
      name: net-not-above-gross
      query: SELECT count(*) FROM mart.daily_sales WHERE net_sales > gross_sales
      description: Net sales never exceed gross sales.
---*/
SELECT
  CAST(o.placed_at AS date) AS sale_date,
  coalesce(o.channel, 'unknown') AS channel,
  coalesce(o.currency, 'unknown') AS currency,
  sum(CASE WHEN o.status <> 'cancelled' THEN 1 ELSE 0 END) AS orders_count,
  sum(CASE WHEN o.status = 'cancelled' THEN 1 ELSE 0 END) AS cancelled_count,
  count(DISTINCT CASE WHEN o.status <> 'cancelled' THEN o.customer_key END) AS customers_count,
  sum(CASE WHEN o.status <> 'cancelled' THEN o.items_count ELSE 0 END) AS items_count,
  CAST(sum(CASE WHEN o.status <> 'cancelled' THEN o.total ELSE 0 END) AS decimal(18,2)) AS gross_sales,
  CAST(sum(CASE WHEN o.status <> 'cancelled' THEN o.discount ELSE 0 END) AS decimal(18,2)) AS discounts,
  CAST(sum(CASE WHEN o.status <> 'cancelled' THEN o.refunded_amount ELSE 0 END) AS decimal(18,2)) AS refunds,
  CAST(sum(CASE WHEN o.status <> 'cancelled' THEN o.total - o.refunded_amount ELSE 0 END) AS decimal(18,2)) AS net_sales
FROM curated.orders o
WHERE o.placed_at IS NOT NULL
GROUP BY 1, 2, 3
