INSERT INTO products (product_id, sku, name, description, category_id, brand_id, list_price, attributes, tags, active, created_at, updated_at)
SELECT g, 'SKU-' || lpad(g::text, 6, '0'),
  (ARRAY['Everyday', 'Classic', 'Light', 'Warm', 'Compact', 'Soft', 'Sturdy', 'Folding', 'Organic', 'Quiet'])[1 + pg_temp.roll(g, 20, 10)] || ' '
    || (ARRAY['Jacket', 'T-Shirt', 'Lamp', 'Pan', 'Backpack', 'Sneaker', 'Blanket', 'Headphones', 'Chair', 'Knife', 'Scarf', 'Tent', 'Mug', 'Rug', 'Speaker', 'Serum'])[1 + pg_temp.roll(g, 21, 16)] || ' ' || g,
  pg_temp.prose(g, 22, 30 + pg_temp.roll(g, 23, 30)),
  11 + pg_temp.roll(g, 24, 60), 1 + pg_temp.roll(g, 25, 64),
  CASE WHEN g % 50 = 0 THEN round((4 + power(pg_temp.chance(g, 26), 3) * 180)::numeric, 5) ELSE round((4 + power(pg_temp.chance(g, 26), 3) * 180)::numeric, 0) - 0.05 END,
  jsonb_strip_nulls(jsonb_build_object('colour', (ARRAY['black', 'white', 'blue', 'grün', 'rouge', '藍'])[1 + pg_temp.roll(g, 27, 6)], 'weight_g', 50 + pg_temp.roll(g, 28, 5000),
    'material', (ARRAY['cotton', 'wool', 'steel', 'oak', NULL])[1 + pg_temp.roll(g, 29, 5)], 'dimensions', jsonb_build_object('w', pg_temp.roll(g, 30, 900) / 10.0, 'h', pg_temp.roll(g, 31, 900) / 10.0), 'washable', g % 3 = 0)),
  CASE WHEN g % 11 = 0 THEN ARRAY[]::text[] ELSE ARRAY[(ARRAY['new', 'sale', 'bestseller', 'eco'])[1 + pg_temp.roll(g, 32, 4)], 'comma, quote " and \ slash', (ARRAY['spring', 'autumn', 'été'])[1 + pg_temp.roll(g, 33, 3)]] END,
  pg_temp.roll(g, 34, 100) < 94,
  pg_temp.seed_now() - make_interval(days => 90 + pg_temp.roll(g, 35, 1500)), pg_temp.seed_now() - make_interval(hours => pg_temp.roll(g, 36, 2000))
FROM generate_series(1, pg_temp.seed_size('products')) g;

INSERT INTO inventory_levels (warehouse_id, product_id, on_hand, reserved, updated_at)
SELECT w, p, pg_temp.roll(p * 8 + w, 40, 400), pg_temp.roll(p * 8 + w, 41, 20), pg_temp.seed_now() - make_interval(mins => pg_temp.roll(p * 8 + w, 42, 20000))
FROM generate_series(1, pg_temp.seed_size('products')) p, generate_series(1, 8) w;

INSERT INTO price_history (product_id, changed_at, old_price, new_price)
SELECT product_id, pg_temp.seed_now() - make_interval(days => 85 - pg_temp.roll(product_id, 43, 80)), round(list_price * 1.1, 2), list_price FROM products WHERE product_id % 7 = 0;
