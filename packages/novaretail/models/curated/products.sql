/*---
description: One row per article that can be or could be ordered, with its category and brand by name.
owner: catalogue
pipeline: sales
kind: merge
key: product_id
target_lag: 120s
inputs:
  staged.orders_db__products: { key: product_id }
  staged.orders_db__categories:
    via: SELECT p.product_id FROM changed c JOIN staged.orders_db__products p ON p.category_id = c.category_id
  staged.orders_db__brands:
    via: SELECT p.product_id FROM changed c JOIN staged.orders_db__products p ON p.brand_id = c.brand_id
columns:
  product_id: { type: long, required: true, description: "Id of the product in the order database." }
  sku: { type: string, description: "Stock keeping unit, the number on the label." }
  name: { type: string, description: "Name in the shop." }
  category: { type: string, description: "Category the product is found in." }
  brand: { type: string, description: "Brand name." }
  list_price: { type: "decimal(18,4)", description: "Price before promotions, in EUR." }
  active: { type: boolean, description: "Whether it can be ordered." }
  created_at: { type: timestamptz, description: "When the product was created." }
  updated_at: { type: timestamptz, description: "Last change of the product in the source." }
checks:
  - null_rate: { column: name, max: 0 }
  - null_rate: { column: list_price, max: 0.01 }
---*/
SELECT
  p.product_id,
  p.sku,
  p.name,
  c.name AS category,
  b.name AS brand,
  TRY_CAST(p.list_price AS decimal(18,4)) AS list_price,
  p.active,
  p.created_at,
  p.updated_at
FROM staged.orders_db__products p
LEFT JOIN staged.orders_db__categories c ON c.category_id = p.category_id AND c._deleted_at IS NULL
LEFT JOIN staged.orders_db__brands b ON b.brand_id = p.brand_id AND b._deleted_at IS NULL
WHERE p._deleted_at IS NULL
