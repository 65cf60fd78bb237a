INSERT INTO countries VALUES
  ('US', 'United States', '+1', false), ('GB', 'United Kingdom', '+44', false), ('DE', 'Germany', '+49', true), ('FR', 'France', '+33', true),
  ('ES', 'Spain', '+34', true), ('SE', 'Sweden', '+46', true), ('PL', 'Poland', '+48', true), ('GR', 'Greece', '+30', true),
  ('JP', 'Japan', '+81', false), ('IN', 'India', '+91', false), ('NL', 'Netherlands', '+31', true), ('IT', 'Italy', '+39', true),
  ('CN', 'China', '+86', false), ('TR', 'Türkiye', '+90', false), ('PT', 'Portugal', '+351', true), ('VN', 'Viet Nam', '+84', false);
INSERT INTO regions VALUES
  (1, 'DACH and Benelux', 'DE', 'dach@novaretail.example'), (2, 'France and Iberia', 'FR', 'west@novaretail.example'), (3, 'Nordics and Baltics', 'SE', 'north@novaretail.example'),
  (4, 'Central and East', 'PL', 'east@novaretail.example'), (5, 'United Kingdom', 'GB', 'uk@novaretail.example'), (6, 'North America', 'US', 'us@novaretail.example'), (7, 'Asia', 'JP', 'asia@novaretail.example');
INSERT INTO languages VALUES ('en', 'English', false), ('de', 'Deutsch', false), ('fr', 'français', false), ('es', 'español', false), ('sv', 'svenska', false), ('pl', 'polski', false), ('el', 'ελληνικά', false), ('ja', '日本語', false), ('ar', 'العربية', true);
INSERT INTO units_of_measure VALUES ('C62', 'piece', 1, 'C62'), ('KGM', 'kilogram', 1, 'KGM'), ('LBR', 'pound', 0.45359237, 'KGM'), ('ONZ', 'ounce', 0.028349523125, 'KGM'), ('MTR', 'metre', 1, 'MTR'), ('INH', 'inch', 0.0254, 'MTR'), ('DZN', 'dozen', 12, 'C62');
INSERT INTO holidays SELECT c, d::date, n FROM (VALUES ('DE', '2026-12-25', '1. Weihnachtstag'), ('DE', '2026-10-03', 'Tag der Deutschen Einheit'), ('FR', '2026-07-14', 'Fête nationale'), ('US', '2026-11-26', 'Thanksgiving'), ('JP', '2026-11-23', '勤労感謝の日'), ('PL', '2026-11-11', 'Święto Niepodległości')) h (c, d, n);
INSERT INTO feature_flags (flag, enabled, rollout, rules, updated_at)
  SELECT f, i % 3 > 0, i / 10.0, CASE WHEN i = 2 THEN 'null'::jsonb WHEN i > 3 THEN jsonb_build_object('countries', ARRAY['DE', 'FR'], 'minimumVersion', i) END, pg_temp.seed_now() - make_interval(days => i::int)
  FROM unnest(ARRAY['new-checkout', 'express-pay', 'size-advisor', 'dark-mode', 'review-photos', 'gift-wrap', 'store-pickup', 'same-day']) WITH ORDINALITY x (f, i);
INSERT INTO app_settings (setting_key, setting_value, changed_by, updated_at) VALUES
  ('checkout.free_shipping_from', '50.00', 'k.lange', pg_temp.seed_now()), ('checkout.currencies', '["EUR", "USD", "GBP", "SEK"]', 'k.lange', pg_temp.seed_now()),
  ('returns.window_days', '30', 'p.novak', pg_temp.seed_now()), ('shop.banner', '{"text": "Winter sale ❄️", "until": null}', 'm.roux', pg_temp.seed_now()), ('shop.maintenance', 'false', 'ops', pg_temp.seed_now());
INSERT INTO currencies VALUES ('EUR', 'Euro', 2), ('USD', 'US dollar', 2), ('GBP', 'Pound sterling', 2), ('SEK', 'Swedish krona', 2), ('PLN', 'Polish zloty', 2), ('JPY', 'Yen', 0), ('INR', 'Indian rupee', 2);
INSERT INTO exchange_rates
  SELECT c, (pg_temp.seed_now() - make_interval(days => d))::date, base * (1 + (pg_temp.roll(d, ascii(c), 1000) - 500) / 37123.0::numeric)
  FROM (VALUES ('USD', 1.0861), ('GBP', 0.8437), ('SEK', 11.382), ('PLN', 4.3016), ('JPY', 163.27), ('INR', 91.441)) b (c, base), generate_series(0, 90) d;
INSERT INTO tax_rates (country_code, kind, rate, valid_from)
  SELECT c, k, CASE k WHEN 'standard' THEN s WHEN 'reduced' THEN r ELSE 0 END, CASE WHEN k = 'zero' THEN '-infinity' ELSE date '2021-01-01' END
  FROM (VALUES ('DE', 19, 7), ('FR', 20, 5.5), ('ES', 21, 10), ('SE', 25, 12), ('PL', 23, 8), ('GR', 24, 13), ('GB', 20, 5)) t (c, s, r), unnest(ARRAY['standard', 'reduced', 'zero']) k;
INSERT INTO ledger_accounts VALUES (1000, 'Bank', 'asset'), (1200, 'Receivables', 'asset'), (1400, 'Goods in stock', 'asset'), (2000, 'Payables', 'liability'), (2300, 'Sales tax due', 'liability'), (4000, 'Sales', 'revenue'), (4100, 'Shipping charged', 'revenue'), (5000, 'Cost of goods', 'expense'), (6000, 'Salaries', 'expense'), (6300, 'Marketing', 'expense');
INSERT INTO fiscal_periods SELECT y, m, CASE WHEN make_date(y, m, 1) < pg_temp.seed_now() - interval '70 days' THEN make_timestamptz(y, m, 1, 8, 0, 0) + interval '38 days' END FROM generate_series(2024, 2027) y, generate_series(1, 12) m;
INSERT INTO cost_centres (cost_centre, name) SELECT 'CC' || 100 + i, n FROM unnest(ARRAY['Shops', 'Online shop', 'Warehouses', 'Marketing', 'Purchasing', 'Finance', 'People', 'Technology', 'Customer service', 'Management']) WITH ORDINALITY x (n, i);
INSERT INTO hr.departments (department_id, name, cost_centre) SELECT i, name, cost_centre FROM (SELECT row_number() OVER (ORDER BY cost_centre) AS i, * FROM cost_centres) c;
INSERT INTO payment_providers (provider, fee_percent, fee_fixed) VALUES ('stripe', 1.5, 0.25), ('paypal', 2.49, 0.35), ('novagift', 0, 0);
INSERT INTO return_reasons VALUES ('SIZE', 'It does not fit', true), ('DAMAGED', 'It arrived damaged', false), ('LATE', 'It arrived too late', true), ('WRONG', 'It is not what I ordered', true), ('QUALITY', 'I expected better', true), ('MIND', 'I changed my mind', true);
INSERT INTO carriers (carrier_id, name, tracking_url) VALUES (1, 'Swift Parcel', 'https://track.swift.example/{number}'), (2, 'Nordpost', 'https://nordpost.example/t/{number}'), (3, 'GreenVan', 'https://greenvan.example/{number}'), (4, 'Atlas Freight', NULL), (5, 'Own vans', NULL);
INSERT INTO loyalty_tiers VALUES ('bronze', 0, 1, ARRAY['birthday gift']), ('silver', 2000, 1.25, ARRAY['birthday gift', 'early sale']), ('gold', 8000, 1.5, ARRAY['birthday gift', 'early sale', 'free shipping']), ('platinum', 20000, 2, ARRAY['everything']);
INSERT INTO support_queues (queue, first_answer_within) VALUES ('delivery', '4 hours'), ('payments', '2 hours'), ('products', '1 day'), ('accounts', '1 day 12 hours');
INSERT INTO size_charts (name, labels, measurements) VALUES ('Shirts', ARRAY['S', 'M', 'L', 'XL'], ARRAY[[900, 780, 920], [960, 840, 980], [1040, 920, 1060], [1120, 1010, NULL]]), ('Trousers', ARRAY['30', '32', '34'], ARRAY[[NULL, 760, 940], [NULL, 810, 990], [NULL, 860, 1040]]), ('Gloves', ARRAY[]::text[], ARRAY[]::int[]);
INSERT INTO categories (category_id, parent_id, name, position)
  SELECT i, NULL, n, i FROM unnest(ARRAY['Women', 'Men', 'Children', 'Shoes', 'Home', 'Kitchen', 'Garden', 'Sports', 'Electronics', 'Beauty']) WITH ORDINALITY x (n, i);
INSERT INTO categories (category_id, parent_id, name, position)
  SELECT 10 + (p - 1) * 6 + i, p, n, i FROM generate_series(1, 10) p, unnest(ARRAY['New', 'Basics', 'Premium', 'Accessories', 'Sale', 'Sets']) WITH ORDINALITY x (n, i);
INSERT INTO brands (brand_id, name, country, own_brand)
  SELECT (a - 1) * 8 + b, x || y, (ARRAY['DE', 'FR', 'IT', 'SE', 'JP', 'US', 'GB', 'PT'])[b], a = 1
  FROM unnest(ARRAY['Nova', 'Alder', 'Brisa', 'Coral', 'Dune', 'Elm', 'Fauna', 'Gale']) WITH ORDINALITY p (x, a), unnest(ARRAY['line', ' & Co', 'works', 'haus', ' Studio', 'craft', ' Lab', 'ora']) WITH ORDINALITY q (y, b);
INSERT INTO warehouses (warehouse_id, name, country, city, capacity_pallets) SELECT i, 'DC ' || c, k, c, 4000 + 500 * i FROM (VALUES (1, 'Leipzig', 'DE'), (2, 'Lyon', 'FR'), (3, 'Poznań', 'PL'), (4, 'Zaragoza', 'ES'), (5, 'Örebro', 'SE'), (6, 'Leeds', 'GB'), (7, 'Columbus', 'US'), (8, '大阪', 'JP')) w (i, c, k);
INSERT INTO warehouse_zones SELECT w, z, CASE WHEN z = 'C' THEN 4.5 END FROM generate_series(1, 8) w, unnest(ARRAY['A', 'B', 'C', 'D']) z;
INSERT INTO stores (store_id, name, region_id, country, city, latitude, longitude, floor_area, opened_on)
  SELECT i, 'NovaRetail ' || city, region, country, city, lat, lon, 300 + pg_temp.roll(i, 5, 1500) + 0.5, date '2008-03-01' + pg_temp.roll(i, 6, 5000)
  FROM (VALUES (1, 'Berlin Mitte', 1, 'DE', 52.52, 13.405), (2, 'München Ost', 1, 'DE', 48.128, 11.604), (3, 'Köln', 1, 'DE', 50.938, 6.96), (4, 'Amsterdam', 1, 'NL', 52.37, 4.895), (5, 'Paris Bastille', 2, 'FR', 48.853, 2.369), (6, 'Lyon', 2, 'FR', 45.764, 4.836), (7, 'Madrid', 2, 'ES', 40.417, -3.704), (8, 'Sevilla', 2, 'ES', 37.389, -5.984), (9, 'Stockholm', 3, 'SE', 59.329, 18.069), (10, 'Göteborg', 3, 'SE', 57.709, 11.975), (11, 'Warszawa', 4, 'PL', 52.23, 21.012), (12, 'Kraków', 4, 'PL', 50.065, 19.945), (13, 'Αθήνα', 4, 'GR', 37.984, 23.728), (14, 'London Camden', 5, 'GB', 51.539, -0.143), (15, 'Leeds', 5, 'GB', 53.801, -1.549), (16, 'Glasgow', 5, 'GB', 55.864, -4.252), (17, 'Austin', 6, 'US', 30.267, -97.743), (18, 'Chicago Loop', 6, 'US', 41.879, -87.63), (19, 'Boston', 6, 'US', 42.36, -71.059), (20, 'Seattle', 6, 'US', 47.606, -122.332), (21, '東京 渋谷', 7, 'JP', 35.658, 139.702), (22, '大阪', 7, 'JP', 34.694, 135.502), (23, 'Mumbai', 7, 'IN', 19.076, 72.878), (24, 'Bengaluru', 7, 'IN', 12.972, 77.594)) s (i, city, region, country, lat, lon);
INSERT INTO store_hours SELECT s, d, CASE WHEN d = 7 THEN time '11:00' ELSE time '09:00' END, CASE WHEN d = 6 AND s % 4 = 0 THEN time '24:00' ELSE time '20:00' END FROM generate_series(1, 24) s, generate_series(1, 7) d;
INSERT INTO campaigns (campaign_id, name, channel, budget, starts_on, ends_on)
  SELECT i, n, (ARRAY['email', 'search', 'social', 'print'])[1 + i % 4], 5000 * i, (pg_temp.seed_now() - make_interval(days => 100 - i::int * 6))::date, (pg_temp.seed_now() - make_interval(days => 70 - i::int * 6))::date
  FROM unnest(ARRAY['Late summer', 'Back to school', 'Autumn colours', 'Home & hearth', 'Golden week', 'Singles day', 'Black Friday', 'Advent', 'Gifts under 30', 'Winter sports', 'New year', 'Spring preview']) WITH ORDINALITY x (n, i);
INSERT INTO promotions (promotion_id, campaign_id, name, discount_percent, active)
  SELECT i, 1 + i % 12, (5 * (1 + i % 6)) || '% off ' || (ARRAY['shoes', 'everything', 'home', 'second piece', 'outdoor'])[1 + i % 5], 5 * (1 + i % 6), i % 3 > 0 FROM generate_series(1, 40) i;
INSERT INTO price_lists (name, currency, valid_to)
  SELECT n || ' ' || c, c, CASE WHEN n = 'Sale' THEN pg_temp.seed_now() + interval '40 days' ELSE 'infinity' END FROM unnest(ARRAY['Retail', 'Members', 'Sale']) n, unnest(ARRAY['EUR', 'USD', 'GBP', 'SEK']) c;
