/*---
description: One row per article of an order, with the product's name and the order's date.
owner: sales-data
pipeline: sales
kind: merge
key: order_line_id
target_lag: 60s
inputs:
  staged.orders_db__order_lines: { key: order_line_id }
  staged.orders_db__orders:
    via: SELECT l.order_line_id FROM changed c JOIN staged.orders_db__order_lines l ON l.order_id = c.order_id
    filter: order_id IN (SELECT order_id FROM staged.orders_db__order_lines)
  curated.products:
    via: SELECT l.order_line_id FROM changed c JOIN staged.orders_db__order_lines l ON l.product_id = c.product_id
    filter: product_id IN (SELECT product_id FROM staged.orders_db__order_lines)
columns:
  order_line_id: { type: long, required: true, description: "Id of the line in the order database." }
  order_id: { type: long, required: true, description: "Order the line belongs to." }
  line_no: { type: int, description: "Position in the order, from 1." }
  product_id: { type: long, description: "Product that was ordered." }
  sku: { type: string, description: "Stock keeping unit of the product." }
  product_name: { type: string, description: "Name of the product today." }
  category: { type: string, description: "Category of the product today." }
  quantity: { type: int, description: "Pieces." }
  unit_price: { type: "decimal(12,2)", description: "Price of one piece when ordered." }
  discount: { type: "decimal(12,2)", description: "Discount on the line." }
  line_total: { type: "decimal(12,2)", description: "quantity x unit_price - discount." }
  currency: { type: string, description: "ISO 4217 currency of the order." }
  order_status: { type: string, description: "Where the order stands." }
  placed_at: { type: timestamptz, description: "When the order was placed." }
  updated_at: { type: timestamptz, description: "Last change of the line in the source." }
checks:
  - null_rate: { column: product_name, max: 0.01, severity: warning }
  - null_rate: { column: line_total, max: 0 }
---*/
SELECT
  l.order_line_id,
  l.order_id,
  l.line_no,
  l.product_id,
  p.sku,
  p.name AS product_name,
  p.category,
  l.quantity,
  l.unit_price,
  l.discount,
  l.line_total,
  o.currency,
  o.status AS order_status,
  o.placed_at,
  l.updated_at
FROM staged.orders_db__order_lines l
JOIN staged.orders_db__orders o ON o.order_id = l.order_id AND o._deleted_at IS NULL
LEFT JOIN curated.products p ON p.product_id = l.product_id
WHERE l._deleted_at IS NULL
