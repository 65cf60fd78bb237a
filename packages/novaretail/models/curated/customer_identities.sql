/*---
description: Which records of the three business sources are the same person. One row per source record.
owner: customer-data
pipeline: customers
kind: full
key: [source, source_id]
target_lag: 120s
pool: heavy
inputs:
  staged.orders_db__customers: {}
  staged.orders_db__customer_emails: {}
  staged.salesforce__contact: {}
  staged.stripe__customer: {}
columns:
  source: { type: string, required: true, description: "Source the record stands in: orders_db, salesforce or stripe." }
  source_id: { type: string, required: true, pii: indirect, description: "The record's id in that source." }
  customer_key: { type: string, required: true, pii: indirect, description: "The person: the order database's customer where known, else the record itself." }
  matched_by: { type: string, required: true, description: "Why: self, reference (the record names the customer) or email." }
checks:
  - row_count: { min: 1, severity: warning }
---*/
WITH known_emails AS (
  SELECT
    customer_id,
    regexp_replace(lower(trim(email)), '\+[^@]*@', '@') AS email
  FROM staged.orders_db__customers
  WHERE _deleted_at IS NULL
  UNION
  SELECT
    customer_id,
    regexp_replace(lower(trim(email)), '\+[^@]*@', '@') AS email
  FROM staged.orders_db__customer_emails
  WHERE _deleted_at IS NULL
),
customer_by_email AS (
  SELECT email, min(customer_id) AS customer_id
  FROM known_emails
  WHERE email <> ''
  GROUP BY email
),
living_customers AS (
  SELECT customer_id
  FROM staged.orders_db__customers
  WHERE _deleted_at IS NULL
),
contacts AS (
  SELECT
    c.id,
    regexp_replace(lower(trim(c.email)), '\+[^@]*@', '@') AS email,
    r.customer_id AS referenced_id
  FROM staged.salesforce__contact c
  LEFT JOIN living_customers r ON r.customer_id = TRY_CAST(c.order_customer_id__c AS bigint)
  WHERE c._deleted_at IS NULL
),
matched_contacts AS (
  SELECT
    c.id,
    c.email,
    CASE
      WHEN c.referenced_id IS NOT NULL THEN 'orders_db:' || CAST(c.referenced_id AS varchar)
      WHEN e.customer_id IS NOT NULL THEN 'orders_db:' || CAST(e.customer_id AS varchar)
      ELSE 'salesforce:' || c.id
    END AS customer_key,
    CASE
      WHEN c.referenced_id IS NOT NULL THEN 'reference'
      WHEN e.customer_id IS NOT NULL THEN 'email'
      ELSE 'self'
    END AS matched_by
  FROM contacts c
  LEFT JOIN customer_by_email e ON e.email = c.email
),
contact_by_email AS (
  SELECT email, min(customer_key) AS customer_key
  FROM matched_contacts
  WHERE email <> '' AND matched_by = 'self'
  GROUP BY email
),
stripe_customers AS (
  SELECT
    s.id,
    regexp_replace(lower(trim(s.email)), '\+[^@]*@', '@') AS email,
    r.customer_id AS referenced_id
  FROM staged.stripe__customer s
  LEFT JOIN living_customers r ON r.customer_id = TRY_CAST(s.metadata_customer_id AS bigint)
  WHERE s._deleted_at IS NULL
)
SELECT
  'orders_db' AS source,
  CAST(customer_id AS varchar) AS source_id,
  'orders_db:' || CAST(customer_id AS varchar) AS customer_key,
  'self' AS matched_by
FROM living_customers
UNION ALL
SELECT
  'salesforce' AS source,
  id AS source_id,
  customer_key,
  matched_by
FROM matched_contacts
UNION ALL
SELECT
  'stripe' AS source,
  s.id AS source_id,
  CASE
    WHEN s.referenced_id IS NOT NULL THEN 'orders_db:' || CAST(s.referenced_id AS varchar)
    WHEN e.customer_id IS NOT NULL THEN 'orders_db:' || CAST(e.customer_id AS varchar)
    WHEN c.customer_key IS NOT NULL THEN c.customer_key
    ELSE 'stripe:' || s.id
  END AS customer_key,
  CASE
    WHEN s.referenced_id IS NOT NULL THEN 'reference'
    WHEN e.customer_id IS NOT NULL OR c.customer_key IS NOT NULL THEN 'email'
    ELSE 'self'
  END AS matched_by
FROM stripe_customers s
LEFT JOIN customer_by_email e ON e.email = s.email
LEFT JOIN contact_by_email c ON c.email = s.email
