import type { SourceId, SourceKind, StreamSchema } from "@nova/pipeline-core/connectors";
import { LOG_STREAMS } from "./log-streams.ts";
import { STRIPE_STREAMS } from "./stripe-streams.ts";

export interface SourceDefinition {
  readonly id: SourceId;
  readonly kind: SourceKind;
  readonly name: string;
  readonly description: string;
  readonly owner: string;
  /** Age in seconds that raw and staged datasets of the source may have. */
  readonly rawTargetLag: number;
  readonly stagedTargetLag: number;
  /** Rows change (`merge`) or only arrive (`append`). */
  readonly stagedKind: "merge" | "append";
  /** Streams the source's own catalog cannot describe; null: read from the source. */
  readonly declaredStreams: readonly StreamSchema[] | null;
}

const MINUTE = 60;

/** The four sources of NovaRetail. */
export const SOURCES: readonly SourceDefinition[] = [
  {
    id: "orders_db",
    kind: "postgres",
    name: "Order database",
    description: "The PostgreSQL database behind the shop: every insert, update and delete of its tables.",
    owner: "platform",
    rawTargetLag: MINUTE,
    stagedTargetLag: 2 * MINUTE,
    stagedKind: "merge",
    declaredStreams: null,
  },
  {
    id: "salesforce",
    kind: "salesforce",
    name: "Salesforce",
    description: "Accounts, contacts, opportunities and cases of the sales and service teams.",
    owner: "customer-data",
    rawTargetLag: 2 * MINUTE,
    stagedTargetLag: 3 * MINUTE,
    stagedKind: "merge",
    declaredStreams: null,
  },
  {
    id: "stripe",
    kind: "stripe",
    name: "Stripe",
    description: "Events of the payment provider: customers, payments, charges, refunds, disputes, invoices.",
    owner: "finance-data",
    rawTargetLag: 2 * MINUTE,
    stagedTargetLag: 3 * MINUTE,
    stagedKind: "merge",
    declaredStreams: STRIPE_STREAMS,
  },
  {
    id: "app_logs",
    kind: "logs",
    name: "Application logs",
    description: "Log events of the shop's services, by OpenTelemetry and NDJSON.",
    owner: "platform",
    rawTargetLag: MINUTE,
    stagedTargetLag: 2 * MINUTE,
    stagedKind: "append",
    declaredStreams: LOG_STREAMS,
  },
];
