import { createHash } from "node:crypto";
import type { SourceId } from "@nova/pipeline-core/connectors";
import { SECOND } from "@nova/pipeline-core/kernel";
import type { CaptureConfig } from "./capture/capture-config.ts";
import type { WorkerEnv } from "./env.ts";

/** How often Salesforce is asked for what changed: well within its daily budget of requests. */
const SALESFORCE_POLL = 15 * SECOND;

/** What the environment says about the four sources; a source without an address is not configured. */
export function captureConfig(env: WorkerEnv): CaptureConfig {
  return {
    ordersDb: ordersDb(env),
    salesforce: salesforce(env),
    stripe:
      env.STRIPE_API_KEY === undefined || env.STRIPE_WEBHOOK_SECRET === undefined
        ? null
        : {
            apiKey: env.STRIPE_API_KEY,
            livemode: livemode(env.STRIPE_API_KEY),
            webhookSecrets: env.STRIPE_WEBHOOK_SECRET,
            ...(env.STRIPE_API_BASE === undefined ? {} : { apiBase: env.STRIPE_API_BASE }),
          },
    logs: logs(env),
  };
}

function ordersDb(env: WorkerEnv): CaptureConfig["ordersDb"] {
  if (env.ORDERS_DB_URL === undefined) return null;
  const connections = env.ORDERS_DB_SNAPSHOT_CONNECTIONS;
  return {
    connectionString: withCa(env.ORDERS_DB_URL, env.ORDERS_DB_CA_FILE),
    ...(connections === undefined ? {} : { snapshotConnections: connections }),
  };
}

function withCa(connectionString: string, caFile: string | undefined): string {
  if (caFile === undefined) return connectionString;
  const url = new URL(connectionString);
  url.searchParams.set("sslrootcert", caFile);
  return url.href;
}

/** Which of the account's two worlds a key opens; null when it does not say. */
function livemode(apiKey: string): boolean | null {
  const mode = /^[sr]k_(live|test)_/.exec(apiKey)?.[1];
  return mode === undefined ? null : mode === "live";
}

/** The name of everyone who sends with the one token for all. */
const ANY_SERVICE = "any";

function logs(env: WorkerEnv): CaptureConfig["logs"] {
  const { LOG_INTAKE_TOKEN: shared, LOG_INTAKE_SERVICES: declared = [] } = env;
  const services = declared.map(({ service, tokenSha256, bytesPerSecond, eventsPerSecond }) => ({
    name: service,
    tokenHashes: tokenSha256,
    bytesPerSecond: bytesPerSecond ?? null,
    eventsPerSecond: eventsPerSecond ?? null,
  }));
  if (shared !== undefined) {
    services.push({
      name: ANY_SERVICE,
      tokenHashes: [createHash("sha256").update(shared).digest("hex")],
      bytesPerSecond: null,
      eventsPerSecond: null,
    });
  }
  return services.length === 0 ? null : { services };
}

export function configuredSources(config: CaptureConfig): ReadonlySet<SourceId> {
  const ids: (SourceId | null)[] = [
    config.ordersDb && "orders_db",
    config.salesforce && "salesforce",
    config.stripe && "stripe",
    config.logs && "app_logs",
  ];
  return new Set(ids.filter((id) => id !== null));
}

function salesforce(env: WorkerEnv): CaptureConfig["salesforce"] {
  const {
    SALESFORCE_LOGIN_URL: loginUrl,
    SALESFORCE_CLIENT_ID: clientId,
    SALESFORCE_CLIENT_SECRET: clientSecret,
  } = env;
  if (loginUrl === undefined || clientId === undefined || clientSecret === undefined) return null;
  const { SALESFORCE_USERNAME: username, SALESFORCE_PASSWORD: password } = env;
  const credentials =
    username === undefined || password === undefined
      ? ({ grant: "client-credentials", clientId, clientSecret } as const)
      : ({ grant: "password", clientId, clientSecret, username, password } as const);
  return { loginUrl, credentials, pollEveryMillis: SALESFORCE_POLL };
}
