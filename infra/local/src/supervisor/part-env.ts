import type { PortName } from "./ports.ts";
import type { Secrets } from "./secrets.ts";

/** What the environments of the parts are made of. */
export interface Surroundings {
  readonly dataDir: string;
  readonly rate: "quiet" | "normal" | "peak";
  readonly demo: boolean;
  readonly demoSignIn: boolean;
  readonly ports: Readonly<Record<PortName, number>>;
  readonly secrets: Secrets;
  readonly databaseUrl: string;
  /** The order database to capture: the demo's, or the user's own that `--source` names. */
  readonly ordersDb: { readonly url: string; readonly own: boolean } | undefined;
  readonly passedOn: Readonly<Record<string, string>>;
  readonly portalOnly: Readonly<Record<string, string>>;
  readonly workerOnly: Readonly<Record<string, string>>;
}

/**
 * Threads of the worker for what blocks. Every query of the lake engine holds one while it runs, and so does every write of
 * the spool that an answer waits for: with Node's own four a few loads would hold up the intake.
 */
const WORKER_THREADS = 16;
/**
 * glibc gives each thread an arena of its own and keeps what was freed in it: with an engine that allocates on all of them
 * that is half a gigabyte of nothing.
 */
const MALLOC_ARENAS = 2;

export type Variables = Readonly<Record<string, string>>;

const local = (port: number) => `http://127.0.0.1:${port}`;

export function portalUrl({ ports }: Surroundings): string {
  return local(ports.portal);
}

export function workerUrl({ ports }: Surroundings): string {
  return local(ports.worker);
}

export function migrationEnv(all: Surroundings): Variables {
  return { ...all.passedOn, DATABASE_URL: all.databaseUrl, NOVA_DEMO: all.demoSignIn ? "1" : "0" };
}

/** The worker runs those connectors for which it is given an address; the demo stand-ins exist only in the demo. */
export function workerEnv(all: Surroundings): Variables {
  const { secrets, ports } = all;
  return {
    ...all.passedOn,
    ...all.workerOnly,
    DATABASE_URL: all.databaseUrl,
    NOVA_LAKE_DIR: `${all.dataDir}/lake`,
    NOVA_SPOOL_DIR: `${all.dataDir}/spool`,
    NOVA_WORKER_PORT: String(ports.worker),
    NOVA_INTERNAL_TOKEN: secrets.internalToken,
    UV_THREADPOOL_SIZE: String(WORKER_THREADS),
    MALLOC_ARENA_MAX: String(MALLOC_ARENAS),
    ...(all.ordersDb === undefined ? {} : { ORDERS_DB_URL: all.ordersDb.url }),
    ...(all.demo
      ? {
          SALESFORCE_LOGIN_URL: local(ports.salesforce),
          ...salesforceCredentials(secrets),
          LOG_INTAKE_TOKEN: secrets.logIntakeToken,
        }
      : {}),
    ...(runsStripe(all)
      ? {
          STRIPE_API_BASE: local(ports.stripe),
          STRIPE_API_KEY: secrets.stripeApiKey,
          STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
        }
      : {}),
  };
}

export function portalEnv(all: Surroundings): Variables {
  return {
    ...all.passedOn,
    ...all.portalOnly,
    NODE_ENV: "production",
    NEXT_TELEMETRY_DISABLED: "1",
    DATABASE_URL: all.databaseUrl,
    NEXTAUTH_URL: portalUrl(all),
    NEXTAUTH_SECRET: all.secrets.nextAuthSecret,
    NOVA_WORKER_URL: workerUrl(all),
    NOVA_INTERNAL_TOKEN: all.secrets.internalToken,
    NOVA_DEMO_SIGN_IN: all.demoSignIn ? "1" : "0",
    PORT: String(all.ports.portal),
    HOSTNAME: "127.0.0.1",
  };
}

export function orderDbEnv(all: Surroundings, ordersDbUrl: string): Variables {
  return { ...all.passedOn, ORDERS_DB_URL: ordersDbUrl, NOVA_RATE: all.rate };
}

export function salesforceEnv(all: Surroundings): Variables {
  return {
    ...all.passedOn,
    SALESFORCE_PORT: String(all.ports.salesforce),
    SALESFORCE_STATE_DIR: `${all.dataDir}/salesforce`,
    ...salesforceCredentials(all.secrets),
    NOVA_RATE: all.rate,
  };
}

export function stripeEnv(all: Surroundings, ordersDbUrl: string): Variables {
  return {
    ...all.passedOn,
    ORDERS_DB_URL: ordersDbUrl,
    STRIPE_PORT: String(all.ports.stripe),
    STRIPE_API_KEY: all.secrets.stripeApiKey,
    STRIPE_WEBHOOK_URL: `${workerUrl(all)}/webhooks/stripe`,
    STRIPE_WEBHOOK_SECRET: all.secrets.stripeWebhookSecret,
    NOVA_RATE: all.rate,
  };
}

export function appLogsEnv(all: Surroundings): Variables {
  return {
    ...all.passedOn,
    LOG_INTAKE_URL: workerUrl(all),
    LOG_INTAKE_TOKEN: all.secrets.logIntakeToken,
    NOVA_RATE: all.rate,
  };
}

/** The Stripe stand-in follows the demo order database, so it runs only with that one. */
export function runsStripe({ demo, ordersDb }: Surroundings): boolean {
  return demo && ordersDb !== undefined && !ordersDb.own;
}

function salesforceCredentials(secrets: Secrets): Variables {
  return {
    SALESFORCE_CLIENT_ID: secrets.salesforceClientId,
    SALESFORCE_CLIENT_SECRET: secrets.salesforceClientSecret,
    SALESFORCE_USERNAME: secrets.salesforceUsername,
    SALESFORCE_PASSWORD: secrets.salesforcePassword,
  };
}
