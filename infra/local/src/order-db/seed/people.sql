-- $1: JSON array of people. The youngest tenth of them signs up within the 90 days of order history.
WITH people AS MATERIALIZED (
  SELECT p.*, CASE WHEN "customerId" > 0.9 * pg_temp.seed_size('people')
    THEN pg_temp.seed_now() - interval '90 days' + interval '90 days' * (("customerId" - 0.9 * pg_temp.seed_size('people')) / (0.1 * pg_temp.seed_size('people') + 1))
    ELSE "createdAt" END AS joined
  FROM json_to_recordset($1::json) AS p ("customerId" bigint, email text, "previousEmail" text, "firstName" text, "lastName" text, phone text,
    street text, city text, "postalCode" text, country text, "birthDate" date, "createdAt" timestamptz)
), accounts AS (
  INSERT INTO customers (customer_id, email, first_name, last_name, phone, status, marketing_opt_in, birth_date, created_at, updated_at)
  SELECT "customerId", email, "firstName", "lastName", phone,
    CASE WHEN pg_temp.roll("customerId", 11, 100) < 86 THEN 'active' WHEN pg_temp.roll("customerId", 11, 100) < 97 THEN 'dormant' WHEN pg_temp.roll("customerId", 11, 100) < 99 THEN 'blocked' ELSE 'closed' END::customer_status,
    pg_temp.roll("customerId", 12, 100) < 41, "birthDate", joined, joined
  FROM people ORDER BY 1
), emails AS (
  INSERT INTO customer_emails (customer_id, email, valid_from, valid_to)
  SELECT "customerId", e.email, CASE e.n WHEN 1 THEN joined ELSE changed END, CASE WHEN e.n = 1 AND "previousEmail" IS NOT NULL THEN changed END
  FROM people, LATERAL (SELECT joined + (pg_temp.seed_now() - joined) * (0.2 + 0.7 * pg_temp.chance("customerId", 13)) AS changed) c,
    LATERAL (VALUES (1, coalesce("previousEmail", people.email)), (2, CASE WHEN "previousEmail" IS NOT NULL THEN people.email END)) e (n, email)
  WHERE e.email IS NOT NULL
)
INSERT INTO addresses (customer_id, street, city, postal_code, country, kind)
SELECT "customerId", street, city, "postalCode", country, k FROM people, unnest(ARRAY['delivery', 'billing']) k
WHERE k = 'delivery' OR pg_temp.roll("customerId", 14, 10) < 2
