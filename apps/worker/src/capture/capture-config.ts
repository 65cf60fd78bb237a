import type { LogService } from "@nova/engines/log-intake";
import type { SalesforceCredentials } from "@nova/engines/salesforce";

/** How to reach each source; null = not configured. */
export interface CaptureConfig {
  readonly ordersDb: {
    readonly connectionString: string;
    readonly tables?: readonly string[];
    /** Connections that read existing rows at the same time. */
    readonly snapshotConnections?: number;
  } | null;
  readonly salesforce: {
    readonly loginUrl: string;
    readonly credentials: SalesforceCredentials;
    readonly pollEveryMillis: number;
  } | null;
  readonly stripe: {
    readonly apiKey: string;
    readonly apiBase?: string;
    /** Events of the other mode are kept apart; null: the key does not say which it is. */
    readonly livemode: boolean | null;
    readonly webhookSecrets: readonly string[];
  } | null;
  /** Who may send logs. */
  readonly logs: { readonly services: readonly LogService[] } | null;
}

/** Objects that NovaRetail captures. */
export const SALESFORCE_OBJECTS = ["Account", "Contact", "Opportunity", "Case"] as const;
