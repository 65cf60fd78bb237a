import type { ColumnText } from "./column-text.ts";

export const TIMES: readonly ColumnText[] = [
  "created_at timestamptz — When the row was made",
  "updated_at timestamptz — When it last changed",
];
const PERSON: readonly ColumnText[] = [
  "email string direct — E-mail as the person typed it",
  "first_name string direct — Given name",
  "last_name string direct — Family name",
  "phone string direct — Phone number",
];

/** Tables of the order database by module; every one becomes a staged dataset. */
export const ORDERS_DB: Readonly<Record<string, readonly ColumnText[]>> = {
  orders: [
    "order_id long — Number of the order",
    "customer_id long indirect — Who ordered",
    "status string — placed, paid, shipped, delivered, cancelled",
    "currency string — ISO 4217",
    "total decimal(12,2) — What the customer pays, tax included",
    "placed_at timestamptz — When it was placed",
  ],
  order_lines: [
    "order_line_id long — Number of the line",
    "order_id long — Its order",
    "product_id long — What was bought",
    "quantity int — How many",
    "unit_price decimal(12,2) — Price of one",
    "discount decimal(12,2) — Taken off the line",
  ],
  customers: [
    "customer_id long — Number of the customer",
    ...PERSON,
    "country string indirect — ISO 3166 code",
    "birth_date date indirect — Day of birth",
  ],
  customer_addresses: [
    "address_id long — Number of the address",
    "customer_id long indirect — Whose",
    "street string direct — Street and number",
    "city string indirect — City",
    "postal_code string indirect — Postal code",
  ],
  customer_emails: [
    "customer_id long indirect — Whose",
    "email string direct — Address",
    "valid_from timestamptz — Since when",
  ],
  payments: [
    "payment_id long — Number of the payment",
    "order_id long — Its order",
    "method string — card, wallet, invoice",
    "amount decimal(12,2) — Amount",
    "stripe_charge_id string — Charge at Stripe",
  ],
  refunds: [
    "refund_id long — Number",
    "payment_id long — Payment given back",
    "amount decimal(12,2) — Amount",
    "reason string — Why",
  ],
  products: [
    "product_id long — Number",
    "sku string — Stock keeping unit",
    "name string — Name in the shop",
    "category_id long — Category",
    "list_price decimal(12,2) — Price",
  ],
  categories: ["category_id long — Number", "name string — Name", "parent_id long — Category above"],
  inventory_levels: [
    "warehouse_id long — Where",
    "product_id long — What",
    "on_hand int — Pieces there",
    "reserved int — Pieces promised",
  ],
  warehouses: ["warehouse_id long — Number", "name string — Name", "city string — City"],
  shipments: [
    "shipment_id long — Number",
    "order_id long — Order shipped",
    "carrier string — Who carries it",
    "tracking_code string indirect — Tracking code",
  ],
  returns: ["return_id long — Number", "order_id long — Order sent back", "reason string — Why"],
  carts: ["cart_id uuid — Cart", "customer_id long indirect — Whose"],
  coupons: ["coupon_id long — Number", "code string — Code", "percent_off decimal(5,2) — Share taken off"],
  campaigns: ["campaign_id long — Number", "name string — Name", "channel string — mail, search, social"],
  stores: ["store_id long — Number", "name string — Name", "country string — ISO 3166 code"],
  employees: ["employee_id long — Number", ...PERSON, "store_id long — Where they work"],
  suppliers: ["supplier_id long — Number", "name string — Name"],
  purchase_orders: ["purchase_order_id long — Number", "supplier_id long — From whom", "total decimal(12,2) — Amount"],
  gift_cards: ["gift_card_id long — Number", "code string direct — Code", "balance decimal(12,2) — What is left"],
  product_reviews: [
    "review_id long — Number",
    "product_id long — Product",
    "customer_id long indirect — Who wrote it",
    "rating int — 1 to 5",
    "body string indirect — Text",
  ],
  tax_rates: ["country string — ISO 3166 code", "rate decimal(6,4) — Share of the price"],
  exchange_rates: ["currency string — ISO 4217", "day date — Day", "rate decimal(18,8) — Euros for one"],
  ledger_entries: ["entry_id long — Number", "account string — Account", "amount decimal(14,2) — Amount"],
  price_changes: [
    "price_change_id long — Number",
    "product_id long — Product",
    "new_price decimal(12,2) — Price from then on",
  ],
  delivery_slots: ["slot_id long — Number", "day date — Day", "capacity int — Deliveries possible"],
  support_notes: ["note_id long — Number", "customer_id long indirect — About whom", "note string direct — Free text"],
  loyalty_accounts: ["account_id long — Number", "customer_id long indirect — Whose", "points int — Points"],
  audit_events: ["event_id long — Number", "what string — What happened"],
};

export const SALESFORCE: Readonly<Record<string, readonly ColumnText[]>> = {
  account: ["id string — Salesforce id", "name string indirect — Company", "industry string — Industry"],
  contact: ["id string — Salesforce id", ...PERSON, "account_id string — Its account"],
  opportunity: ["id string — Salesforce id", "stage_name string — Stage", "amount decimal(14,2) — Expected amount"],
  case: [
    "id string — Salesforce id",
    "contact_id string indirect — Who asked",
    "subject string indirect — What it is about",
    "status string — Status",
  ],
};

export const STRIPE: Readonly<Record<string, readonly ColumnText[]>> = {
  charge: [
    "id string — Stripe id",
    "amount decimal(12,2) — Amount",
    "currency string — ISO 4217",
    "status string — Status",
    "customer string indirect — Stripe customer",
  ],
  customer: ["id string — Stripe id", "email string direct — E-mail", "name string direct — Name"],
  payment_intent: ["id string — Stripe id", "amount decimal(12,2) — Amount", "status string — Status"],
  refund: ["id string — Stripe id", "charge string — Charge given back", "amount decimal(12,2) — Amount"],
  dispute: ["id string — Stripe id", "charge string — Charge disputed", "reason string — Why"],
  invoice: ["id string — Stripe id", "total decimal(12,2) — Amount"],
};

export const LOG_EVENTS: readonly ColumnText[] = [
  "ts timestamptz — When it was logged",
  "service string — Which service",
  "level string — debug to error",
  "message string indirect — Text",
  "trace_id string — Trace",
  "http_status_code int — Answer",
  "duration_ms double — Time taken",
  "customer_id long indirect — Who was signed in",
];
