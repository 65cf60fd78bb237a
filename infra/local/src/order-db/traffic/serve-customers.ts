import { person } from "../../people.ts";
import { below } from "../random.ts";
import { change, type Action } from "./action.ts";

/** New accounts; the people follow the seeded ones in number. */
export const signUp: Action = async (shop, n) => {
  const { rows } = await shop.client.query<{ id: string }>(
    "SELECT nextval('customers_customer_id_seq') AS id FROM generate_series(1, $1)",
    [n],
  );
  const people = JSON.stringify(rows.map(({ id }) => person(Number(id) - 1)));
  shop.customers = Math.max(shop.customers, ...rows.map(({ id }) => Number(id)));
  const newcomers =
    'json_to_recordset($1::json) AS p ("customerId" bigint, email text, "firstName" text, "lastName" text, phone text, street text, city text, "postalCode" text, country text, "birthDate" date)';
  return (
    (await change(
      shop,
      `INSERT INTO customers (customer_id, email, first_name, last_name, phone, marketing_opt_in, birth_date) SELECT "customerId", email, "firstName", "lastName", phone, "customerId" % 5 < 2, "birthDate" FROM ${newcomers}`,
      [people],
    )) +
    (await change(
      shop,
      `INSERT INTO customer_emails (customer_id, email, valid_from) SELECT "customerId", email, now() FROM ${newcomers}`,
      [people],
    )) +
    (await change(
      shop,
      `INSERT INTO addresses (customer_id, street, city, postal_code, country) SELECT "customerId", street, city, "postalCode", country FROM ${newcomers}`,
      [people],
    )) +
    (await change(
      shop,
      `INSERT INTO customer_consents (customer_id, purpose, granted) SELECT "customerId", 'newsletter', "customerId" % 5 < 2 FROM ${newcomers}`,
      [people],
    ))
  );
};

/** Somebody has a new e-mail address: the old one is closed in the history. */
export const changeEmails: Action = async (shop, n) => {
  const ids = Array.from({ length: n }, () => 1 + below(shop.random, shop.customers));
  const moved = await change(
    shop,
    `UPDATE customers SET email = regexp_replace(email, '@.*$', '') || '.' || to_char(now(), 'YYMMDDHH24MISS') || '@newmail.example' WHERE customer_id = ANY($1) AND email NOT LIKE '%@newmail.example'`,
    [ids],
  );
  const closed = await change(
    shop,
    "UPDATE customer_emails h SET valid_to = now() FROM customers c WHERE c.customer_id = h.customer_id AND c.customer_id = ANY($1) AND h.valid_to IS NULL AND h.email <> c.email",
    [ids],
  );
  const opened = await change(
    shop,
    "INSERT INTO customer_emails (customer_id, email, valid_from) SELECT customer_id, email, now() FROM customers WHERE customer_id = ANY($1) ON CONFLICT DO NOTHING",
    [ids],
  );
  return moved + closed + opened;
};

/** A corrected address gets a new number: the key itself changes. */
export const renumberAddresses: Action = (shop, n) =>
  change(
    shop,
    "UPDATE addresses SET address_id = nextval('addresses_address_id_seq') WHERE address_id IN (SELECT address_id FROM addresses WHERE address_id >= $1 ORDER BY address_id LIMIT $2)",
    [1 + below(shop.random, shop.customers), n],
  );

/** The law lets people go: accounts opened after the seed that never ordered are deleted for good. */
export const closeAccounts: Action = (shop, n) =>
  change(
    shop,
    "DELETE FROM customers WHERE customer_id IN (SELECT customer_id FROM customers c WHERE customer_id > $1 AND NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.customer_id) ORDER BY customer_id LIMIT $2)",
    [below(shop.random, shop.customers), n],
  );
