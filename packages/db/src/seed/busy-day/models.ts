import type { CatalogEntry } from "@nova/pipeline-core/catalog";
import type { ColumnText } from "./column-text.ts";
import { LOG_EVENTS } from "./source-tables.ts";

interface Model {
  readonly columns: readonly ColumnText[];
  readonly description: string;
  readonly owner: string;
  readonly key: readonly string[];
  readonly inputs: readonly string[];
  readonly lag: number;
  readonly kind: CatalogEntry["kind"];
}

export const MODELS: Readonly<Record<string, Model>> = {
  "curated.customer_identities": {
    kind: "full",
    lag: 60,
    owner: "Customer data",
    key: ["source", "source_id"],
    inputs: [
      "staged.orders_db__customers",
      "staged.orders_db__customer_emails",
      "staged.salesforce__contact",
      "staged.stripe__customer",
    ],
    description: "Which records of the three business sources are the same person.",
    columns: [
      "source string — Where the record lives",
      "source_id string indirect — Its id there",
      "customer_key string — The person",
      "matched_by string — reference or e-mail",
    ],
  },
  "curated.customers": {
    kind: "merge",
    lag: 60,
    owner: "Owen Clarke",
    key: ["customer_key"],
    inputs: [
      "curated.customer_identities",
      "staged.orders_db__customers",
      "staged.salesforce__contact",
      "staged.stripe__customer",
      "staged.orders_db__orders",
    ],
    description: "One row per person across the order database, Salesforce and Stripe.",
    columns: [
      "customer_key string — The person",
      "email string direct — Best known address",
      "name string direct — Full name",
      "phone string direct — Phone number",
      "country string indirect — ISO 3166 code",
      "orders_count int — Orders so far",
      "lifetime_value decimal(14,2) — What they bought for",
      "first_order_at timestamptz — First order",
    ],
  },
  "curated.orders": {
    kind: "merge",
    lag: 30,
    owner: "Sales",
    key: ["order_id"],
    inputs: [
      "staged.orders_db__orders",
      "staged.orders_db__order_lines",
      "staged.orders_db__payments",
      "staged.orders_db__refunds",
      "curated.customer_identities",
    ],
    description: "One row per order with what was paid and given back.",
    columns: [
      "order_id long — Number of the order",
      "customer_key string indirect — The person who ordered",
      "status string — Where the order stands",
      "total decimal(12,2) — What the customer pays, tax included",
      "paid decimal(12,2) — Paid so far",
      "refunded decimal(12,2) — Given back",
      "line_count int — Lines",
      "placed_at timestamptz — When it was placed",
    ],
  },
  "curated.order_lines": {
    kind: "merge",
    lag: 60,
    owner: "Sales",
    key: ["order_line_id"],
    inputs: ["staged.orders_db__order_lines", "staged.orders_db__products"],
    description: "One row per line of an order, with its product.",
    columns: [
      "order_line_id long — Number of the line",
      "order_id long — Its order",
      "sku string — Product",
      "quantity int — How many",
      "net_amount decimal(12,2) — Amount after discount",
    ],
  },
  "curated.payments": {
    kind: "merge",
    lag: 60,
    owner: "Finance",
    key: ["payment_key"],
    inputs: ["staged.orders_db__payments", "staged.stripe__charge", "staged.stripe__refund"],
    description: "Payments as the order database and Stripe know them.",
    columns: [
      "payment_key string — The payment",
      "order_id long — Its order",
      "amount decimal(12,2) — Amount",
      "provider string — Who moved the money",
      "state string — Where it stands",
    ],
  },
  "curated.products": {
    kind: "merge",
    lag: 300,
    owner: "Merchandising",
    key: ["product_id"],
    inputs: ["staged.orders_db__products", "staged.orders_db__categories"],
    description: "Products with their category path.",
    columns: [
      "product_id long — Number",
      "sku string — Stock keeping unit",
      "name string — Name",
      "category_path string — Categories from the top",
    ],
  },
  "curated.service_events": {
    kind: "append",
    lag: 60,
    owner: "Platform",
    key: [],
    inputs: ["staged.app_logs__events"],
    description: "What the shop's services logged, typed.",
    columns: LOG_EVENTS,
  },
  "curated.returns": {
    kind: "merge",
    lag: 300,
    owner: "Fulfilment",
    key: ["return_id"],
    inputs: ["staged.orders_db__returns", "staged.orders_db__orders"],
    description: "Returns with the order they belong to.",
    columns: ["return_id long — Number", "order_id long — Order", "reason string — Why"],
  },
  "mart.daily_sales": {
    kind: "partitioned",
    lag: 60,
    owner: "Sales",
    key: ["day", "country"],
    inputs: ["curated.orders", "curated.customers"],
    description: "Sales per day and country.",
    columns: [
      "day date — Day of the order",
      "country string — ISO 3166 code",
      "orders long — Orders",
      "revenue decimal(14,2) — Paid minus refunded",
    ],
  },
  "mart.service_health_5m": {
    kind: "partitioned",
    lag: 120,
    owner: "Platform",
    key: ["window_start", "service"],
    inputs: ["curated.service_events"],
    description: "Requests, errors and times per service and five minutes.",
    columns: [
      "window_start timestamptz — Start of the five minutes",
      "service string — Service",
      "requests long — Requests",
      "error_share double — Share that failed",
      "p95_ms double — Time that 95 % stay under",
    ],
  },
  "mart.payment_reconciliation": {
    kind: "full",
    lag: 120,
    owner: "Finance",
    key: ["day"],
    inputs: ["curated.payments", "curated.orders"],
    description: "What the shop booked against what Stripe moved, per day.",
    columns: [
      "day date — Day",
      "booked decimal(14,2) — Booked in the shop",
      "moved decimal(14,2) — Moved by Stripe",
      "difference decimal(14,2) — What does not match",
    ],
  },
  "mart.inventory_cover": {
    kind: "full",
    lag: 3600,
    owner: "Merchandising",
    key: ["product_id"],
    inputs: ["staged.orders_db__inventory_levels", "curated.order_lines"],
    description: "For how many days stock lasts.",
    columns: ["product_id long — Product", "days_left double — Days until sold out"],
  },
  "mart.campaign_return": {
    kind: "full",
    lag: 3600,
    owner: "Marketing",
    key: ["campaign_id"],
    inputs: ["staged.orders_db__campaigns", "staged.orders_db__coupons", "curated.orders"],
    description: "Revenue per campaign.",
    columns: ["campaign_id long — Campaign", "revenue decimal(14,2) — Revenue"],
  },
};
