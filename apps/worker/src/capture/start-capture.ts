import { join } from "node:path";
import { DAY, HOUR, MINUTE, PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { Connector, SourceDiagnosis, SourceId, SourceKind, StreamSchema } from "@nova/pipeline-core/connectors";
import type { logConnector, LogIntake, logIntake } from "@nova/engines/log-intake";
import type { postgresConnector } from "@nova/engines/postgres-capture";
import type { salesforceConnector } from "@nova/engines/salesforce";
import type { committedSegment, openSpool, Spool } from "@nova/engines/spool";
import type { stripeConnector, StripeWebhook, stripeWebhook } from "@nova/engines/stripe";
import { type CaptureConfig, SALESFORCE_OBJECTS } from "./capture-config.ts";
import { type ReconcileDeps, runReconciliations } from "./run-reconciliations.ts";
import { runSource } from "./run-source.ts";
import type { HostDeps } from "./source-host.ts";

/** How connectors and their doors are made; the container hands them over. */
export interface CaptureEngines {
  readonly committedSegment: typeof committedSegment;
  readonly logConnector: typeof logConnector;
  readonly logIntake: typeof logIntake;
  readonly openSpool: typeof openSpool;
  readonly postgresConnector: typeof postgresConnector;
  readonly salesforceConnector: typeof salesforceConnector;
  readonly stripeConnector: typeof stripeConnector;
  readonly stripeWebhook: typeof stripeWebhook;
}

export interface CaptureDeps extends HostDeps {
  readonly engines: CaptureEngines;
  readonly config: CaptureConfig;
  /** How sources are compared with their datasets. */
  readonly reconcile: Pick<ReconcileDeps, "reconciliations" | "lake" | "dataThrough">;
  /** Folder of the spools, one below it per source. */
  readonly spoolDir: string;
  /** Streams that a source's own catalog cannot describe (Stripe, logs). */
  readonly declaredStreams: (source: SourceId) => readonly StreamSchema[];
  /** Random share 0–1, for waits. */
  readonly random?: () => number;
}

export interface Capture {
  /** Doors for what is pushed to us; null where the source is not configured. */
  readonly intake: { readonly logs: LogIntake | null; readonly stripe: StripeWebhook | null };
  /** Checks what the source must offer, keeps the answer for the portal, and gives it. Throws `not-found` where nothing is checked. */
  check(source: SourceId): Promise<SourceDiagnosis>;
  /** Ends every source after the commit it is in; what is not committed is read again at the next start. */
  stop(): Promise<void>;
}

const SPOOL_MAX_BYTES = 1024 ** 3;
const SEGMENT_BYTES = 64 * 1024 ** 2;
const GATHER_MILLIS = 3;
const LOG_COMMIT_EVERY = 5 * SECOND;
const STRIPE_COMMIT_EVERY = 3 * SECOND;
const STRIPE_GAP_CHECK_EVERY = MINUTE / 2;
const STRIPE_TOLERANCE_SECONDS = 300;

/** Pace of scheduled comparisons, per stream. Salesforce and Stripe count requests, and every row has to be copied. */
const RECONCILE_EVERY: Record<SourceId, number> = {
  orders_db: 6 * HOUR,
  salesforce: DAY,
  stripe: DAY,
  app_logs: DAY,
};

const KINDS: Record<SourceId, SourceKind> = {
  orders_db: "postgres",
  salesforce: "salesforce",
  stripe: "stripe",
  app_logs: "logs",
};

/** Starts capturing every configured source. Needs the metadata store; the sources themselves may be down. */
export async function startCapture(deps: CaptureDeps): Promise<Capture> {
  const { config, engines, sources } = deps;
  const stopper = new AbortController();
  const spools: Spool[] = [];
  const spool = async (source: SourceId): Promise<Spool> => {
    const opened = await engines.openSpool({
      dir: join(deps.spoolDir, source),
      after: engines.committedSegment(await sources.position(source)),
      maxBytes: SPOOL_MAX_BYTES,
      segmentBytes: SEGMENT_BYTES,
      gatherMillis: GATHER_MILLIS,
      clock: deps.clock,
    });
    spools.push(opened);
    for (const damage of opened.damaged)
      deps.logger.error("the disk did not keep a batch that was acknowledged; its bytes are set aside", {
        source,
        ...damage,
      });
    return opened;
  };

  const connectors: Connector[] = [];
  if (config.ordersDb !== null) {
    connectors.push(
      engines.postgresConnector({
        source: "orders_db",
        ...config.ordersDb,
        tables: config.ordersDb.tables ?? null,
        copyFolder: join(deps.spoolDir, "orders_db"),
      }),
    );
  }
  if (config.salesforce !== null) {
    connectors.push(
      engines.salesforceConnector({ source: "salesforce", ...config.salesforce, objects: SALESFORCE_OBJECTS }),
    );
  }
  let stripe: StripeWebhook | null = null;
  if (config.stripe !== null) {
    const { apiKey, apiBase, livemode, webhookSecrets } = config.stripe;
    const stripeSpool = await spool("stripe");
    connectors.push(
      engines.stripeConnector({
        source: "stripe",
        apiKey,
        livemode,
        ...(apiBase === undefined ? {} : { apiBase }),
        spool: stripeSpool,
        schemas: deps.declaredStreams("stripe"),
        commitEveryMillis: STRIPE_COMMIT_EVERY,
        gapCheckEveryMillis: STRIPE_GAP_CHECK_EVERY,
      }),
    );
    stripe = engines.stripeWebhook({
      ...deps,
      source: "stripe",
      spool: stripeSpool,
      livemode,
      secrets: webhookSecrets,
      toleranceSeconds: STRIPE_TOLERANCE_SECONDS,
    });
  }
  let logs: LogIntake | null = null;
  if (config.logs !== null) {
    const logSpool = await spool("app_logs");
    connectors.push(
      engines.logConnector({
        source: "app_logs",
        spool: logSpool,
        commitEveryMillis: LOG_COMMIT_EVERY,
        schemas: deps.declaredStreams("app_logs"),
      }),
    );
    logs = engines.logIntake({ ...deps, source: "app_logs", spool: logSpool });
  }

  for (const [id, kind] of Object.entries(KINDS) as [SourceId, SourceKind][]) {
    await sources.registerSource({ id, kind, configured: connectors.some((connector) => connector.source === id) });
  }
  const running = connectors.map((connector) => runSource(connector, deps, deps.random ?? Math.random, stopper.signal));
  for (const { source, comparison, rows } of connectors) {
    const side = comparison ?? rows;
    if (side === undefined) continue;
    const reconcile = { ...deps, ...deps.reconcile, everyMillis: RECONCILE_EVERY[source] };
    running.push(runReconciliations(source, side, reconcile, stopper.signal));
  }

  return {
    intake: { logs, stripe },
    async check(source) {
      const diagnose = connectors.find((connector) => connector.source === source)?.diagnose;
      if (diagnose === undefined)
        throw new PlatformError("not-found", `${source} is not configured, or has no requirements to check`);
      const diagnosis = await diagnose();
      await sources.saveDiagnosis(source, diagnosis);
      return diagnosis;
    },
    async stop() {
      stopper.abort();
      await Promise.all(running);
      await Promise.all(spools.map((each) => each.close()));
    },
  };
}
