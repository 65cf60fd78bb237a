import type { StreamColumn, StreamSchema } from "@nova/pipeline-core/connectors";

type Declared = readonly [
  name: string,
  sourceType: string,
  type: string,
  pii: StreamColumn["pii"],
  description: string,
  path?: string,
];

/** Payloads are whole events; the object as it was after the event stands in `data.object`. */
function stripeStream(stream: string, description: string, columns: readonly Declared[]): StreamSchema {
  return {
    stream,
    version: 1,
    key: ["id"],
    description,
    columns: columns.map(([name, sourceType, type, pii, text, path]) => ({
      name,
      sourceType,
      type,
      nullable: name !== "id",
      description: text,
      pii,
      path: `/data/object/${path ?? name}`,
    })),
  };
}

const ID: Declared = ["id", "string", "string", "none", "Id at Stripe."];
const CREATED: Declared = ["created", "unix-seconds", "timestamptz", "none", "When the object was created."];
const AMOUNT: Declared = ["amount", "integer", "long", "none", "Money in the smallest unit of the currency."];
const CURRENCY: Declared = ["currency", "string", "string", "none", "ISO 4217 currency, lower case."];
const STATUS: Declared = ["status", "enum", "string", "none", "Where the object stands."];
const CUSTOMER: Declared = ["customer", "string", "string", "indirect", "Customer object at Stripe."];
const METADATA: readonly Declared[] = [
  ["metadata_order_id", "string", "string", "none", "Order in the order database.", "metadata/order_id"],
  ["metadata_payment_id", "string", "string", "none", "Payment in the order database.", "metadata/payment_id"],
  ["metadata_customer_id", "string", "string", "indirect", "Customer in the order database.", "metadata/customer_id"],
];
const PAYMENT_INTENT: Declared = [
  "payment_intent",
  "string",
  "string",
  "none",
  "Payment intent the object belongs to.",
];
const CHARGE: Declared = ["charge", "string", "string", "none", "Charge the object belongs to."];

/** Stripe has no catalog to read types from: what staged keeps of each object is declared here. */
export const STRIPE_STREAMS: readonly StreamSchema[] = [
  stripeStream("customer", "Customers at Stripe.", [
    ID,
    ["email", "string", "string", "direct", "E-mail address as typed at checkout."],
    ["name", "string", "string", "direct", "Full name."],
    ["phone", "string", "string", "direct", "Phone number."],
    ["address_city", "string", "string", "indirect", "Town.", "address/city"],
    ["address_country", "string", "string", "indirect", "ISO country.", "address/country"],
    ["delinquent", "boolean", "boolean", "none", "Whether the latest invoice is unpaid."],
    METADATA[2] as Declared,
    CREATED,
  ]),
  stripeStream("payment_intent", "Payments from their first try to success or failure.", [
    ID,
    AMOUNT,
    ["amount_received", "integer", "long", "none", "Money received in the smallest unit of the currency."],
    CURRENCY,
    STATUS,
    CUSTOMER,
    ["latest_charge", "string", "string", "none", "Latest charge."],
    ["capture_method", "enum", "string", "none", "automatic or manual."],
    ["description", "string", "string", "none", "Text on the payment."],
    ["canceled_at", "unix-seconds", "timestamptz", "none", "When it was cancelled."],
    ...METADATA,
    CREATED,
  ]),
  stripeStream("charge", "Single attempts to move money.", [
    ID,
    AMOUNT,
    ["amount_captured", "integer", "long", "none", "Money captured in the smallest unit of the currency."],
    ["amount_refunded", "integer", "long", "none", "Money paid back in the smallest unit of the currency."],
    CURRENCY,
    STATUS,
    CUSTOMER,
    PAYMENT_INTENT,
    ["paid", "boolean", "boolean", "none", "Whether it succeeded."],
    ["refunded", "boolean", "boolean", "none", "Whether it was paid back in full."],
    ["disputed", "boolean", "boolean", "none", "Whether the bank disputes it."],
    ["failure_code", "string", "string", "none", "Why it failed."],
    ["card_brand", "string", "string", "none", "Brand of the card.", "payment_method_details/card/brand"],
    [
      "card_last4",
      "string",
      "string",
      "indirect",
      "Last four digits of the card.",
      "payment_method_details/card/last4",
    ],
    ["receipt_email", "string", "string", "direct", "Address the receipt went to."],
    ...METADATA,
    CREATED,
  ]),
  stripeStream("refund", "Money paid back.", [
    ID,
    AMOUNT,
    CURRENCY,
    STATUS,
    CHARGE,
    PAYMENT_INTENT,
    ["reason", "enum", "string", "none", "Why."],
    ...METADATA,
    CREATED,
  ]),
  stripeStream("dispute", "Payments disputed at the bank.", [
    ID,
    AMOUNT,
    CURRENCY,
    STATUS,
    CHARGE,
    PAYMENT_INTENT,
    ["reason", "enum", "string", "none", "Why, as the bank says."],
    [
      "evidence_due_by",
      "unix-seconds",
      "timestamptz",
      "none",
      "Last moment for our answer.",
      "evidence_details/due_by",
    ],
    CREATED,
  ]),
  stripeStream("invoice", "Invoices to business customers.", [
    ID,
    ["number", "string", "string", "none", "Number on the invoice."],
    STATUS,
    CUSTOMER,
    ["customer_email", "string", "string", "direct", "Address the invoice went to."],
    CURRENCY,
    ["total", "integer", "long", "none", "Money invoiced in the smallest unit of the currency."],
    ["amount_due", "integer", "long", "none", "Money still due in the smallest unit of the currency."],
    ["amount_paid", "integer", "long", "none", "Money paid in the smallest unit of the currency."],
    ["due_date", "unix-seconds", "timestamptz", "none", "When it falls due."],
    CREATED,
  ]),
];
