/*---
description: One row per person NovaRetail knows, joined from the order database, Salesforce and Stripe.
owner: customer-data
pipeline: customers
kind: merge
key: customer_key
target_lag: 120s
pool: heavy
inputs:
  curated.customer_identities: { key: customer_key }
  staged.orders_db__customers:
    via: SELECT 'orders_db:' || CAST(customer_id AS varchar) AS customer_key FROM changed
    filter: CAST(customer_id AS varchar) IN (SELECT source_id FROM curated.customer_identities WHERE source = 'orders_db')
  staged.orders_db__addresses:
    via: SELECT 'orders_db:' || CAST(customer_id AS varchar) AS customer_key FROM changed
    filter: customer_id IN (SELECT customer_id FROM staged.orders_db__customers)
  staged.salesforce__contact:
    via: SELECT i.customer_key FROM changed c JOIN curated.customer_identities i ON i.source = 'salesforce' AND i.source_id = c.id
    filter: id IN (SELECT source_id FROM curated.customer_identities WHERE source = 'salesforce')
  staged.stripe__customer:
    via: SELECT i.customer_key FROM changed c JOIN curated.customer_identities i ON i.source = 'stripe' AND i.source_id = c.id
    filter: id IN (SELECT source_id FROM curated.customer_identities WHERE source = 'stripe')
  curated.orders: { key: customer_key }
columns:
  customer_key: { type: string, required: true, pii: indirect, description: "The person across all sources." }
  email: { type: string, pii: direct, description: "Current e-mail address, lower case and trimmed." }
  first_name: { type: string, pii: direct, description: "Given name." }
  last_name: { type: string, pii: direct, description: "Family name." }
  phone: { type: string, pii: direct, description: "Phone number as the source has it." }
  birth_date: { type: date, pii: direct, description: "Date of birth." }
  city: { type: string, pii: indirect, description: "Town of the latest delivery address." }
  country: { type: string, pii: indirect, description: "ISO country of the latest delivery address." }
  status: { type: string, description: "Account status in the order database; null for people without an account." }
  marketing_opt_in: { type: boolean, description: "Agreed to receive newsletters in the order database." }
  segment: { type: string, description: "Marketing segment in Salesforce." }
  order_customer_id: { type: long, pii: indirect, description: "customer_id in the order database." }
  salesforce_contact_id: { type: string, pii: indirect, description: "First contact of the person in Salesforce." }
  stripe_customer_id: { type: string, pii: indirect, description: "First customer object of the person at Stripe." }
  sources: { type: string, required: true, description: "Sources that know the person, separated by commas." }
  records_count: { type: int, required: true, description: "Source records that are this person." }
  created_at: { type: timestamptz, description: "When the person first appeared in any source." }
  orders_count: { type: long, required: true, description: "Orders that were not cancelled." }
  lifetime_value: { type: "decimal(18,2)", required: true, description: "Sum of totals of orders that were not cancelled, minus refunds." }
  first_order_at: { type: timestamptz, description: "When the first order was placed." }
  last_order_at: { type: timestamptz, description: "When the latest order was placed." }
checks:
  - null_rate: { column: email, max: 0.1 }
  - null_rate: { column: country, max: 0.6, severity: warning }
---*/
WITH people AS (
  SELECT
    customer_key,
    min(CASE WHEN source = 'orders_db' THEN CAST(source_id AS bigint) END) AS order_customer_id,
    min(CASE WHEN source = 'salesforce' THEN source_id END) AS salesforce_contact_id,
    min(CASE WHEN source = 'stripe' THEN source_id END) AS stripe_customer_id,
    array_join(array_agg(DISTINCT source ORDER BY source), ',') AS sources,
    count(*) AS records_count
  FROM curated.customer_identities
  GROUP BY customer_key
),
latest_address AS (
  SELECT customer_id, max_by(city, address_id) AS city, max_by(country, address_id) AS country
  FROM staged.orders_db__addresses
  WHERE _deleted_at IS NULL AND kind = 'delivery'
  GROUP BY customer_id
),
order_totals AS (
  SELECT
    customer_key,
    count(*) AS orders_count,
    CAST(sum(total - refunded_amount) AS decimal(18,2)) AS lifetime_value,
    min(placed_at) AS first_order_at,
    max(placed_at) AS last_order_at
  FROM curated.orders
  WHERE status <> 'cancelled'
  GROUP BY customer_key
)
SELECT
  p.customer_key,
  coalesce(lower(trim(c.email)), lower(trim(s.email)), lower(trim(t.email))) AS email,
  coalesce(c.first_name, s.firstname) AS first_name,
  coalesce(c.last_name, s.lastname, t.name) AS last_name,
  coalesce(c.phone, s.phone, t.phone) AS phone,
  coalesce(c.birth_date, s.birthdate) AS birth_date,
  coalesce(a.city, s.mailingcity) AS city,
  coalesce(a.country, s.mailingcountry) AS country,
  c.status,
  c.marketing_opt_in,
  s.marketing_segment__c AS segment,
  p.order_customer_id,
  p.salesforce_contact_id,
  p.stripe_customer_id,
  p.sources,
  CAST(p.records_count AS integer) AS records_count,
  least(
    coalesce(c.created_at, s.createddate, t.created),
    coalesce(s.createddate, t.created, c.created_at),
    coalesce(t.created, c.created_at, s.createddate)
  ) AS created_at,
  coalesce(o.orders_count, 0) AS orders_count,
  coalesce(o.lifetime_value, CAST(0 AS decimal(18,2))) AS lifetime_value,
  o.first_order_at,
  o.last_order_at
FROM people p
LEFT JOIN staged.orders_db__customers c ON c.customer_id = p.order_customer_id AND c._deleted_at IS NULL
LEFT JOIN staged.salesforce__contact s ON s.id = p.salesforce_contact_id AND s._deleted_at IS NULL
LEFT JOIN staged.stripe__customer t ON t.id = p.stripe_customer_id AND t._deleted_at IS NULL
LEFT JOIN latest_address a ON a.customer_id = p.order_customer_id
LEFT JOIN order_totals o ON o.customer_key = p.customer_key
