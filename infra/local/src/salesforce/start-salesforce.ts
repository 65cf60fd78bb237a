import Fastify, { type FastifyInstance } from "fastify";
import { createApiBudget } from "./api-budget.ts";
import { ApiFault, faultOf } from "./api-fault.ts";
import { createBulkQueryJobs } from "./bulk-query-jobs.ts";
import { registerBulkRoutes } from "./bulk-routes.ts";
import { memoryChangeLog, openChangeLog } from "./change-log.ts";
import { registerDataRoutes } from "./data-routes.ts";
import { createLiveChanges } from "./live-changes.ts";
import { registerLoginRoutes } from "./login-routes.ts";
import { createRecordStore, type RecordStore } from "./record-store.ts";
import { DEMO_COUNTS, type RecordCounts } from "./seed-records.ts";
import { createSessions, type Credentials } from "./sessions.ts";

export type Rate = "quiet" | "normal" | "peak";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const TICK = 250;
/** Record changes a second. */
const CHANGES_A_SECOND: Readonly<Record<Rate, number>> = { quiet: 0.2, normal: 2, peak: 20 };
const OLDEST_VERSION = 31;
const NEWEST_VERSION = 66;

export interface SalesforceOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly credentials: Credentials;
  /** Where live changes are remembered; without it a restart begins anew. */
  readonly stateDir?: string;
  /** Live changes; without it the org stands still but for what clients write. */
  readonly rate?: Rate;
  readonly counts?: RecordCounts;
  /** API calls a rolling day; default 300,000, an Enterprise org of 200 licences. */
  readonly dailyApiRequests?: number;
  /** How long a session lives (ms); default 2 hours. */
  readonly sessionMs?: number;
  /** How long a bulk job waits, then runs (ms); default 150 and 350. */
  readonly bulkQueuedMs?: number;
  readonly bulkRunningMs?: number;
  /** How long deleted records stay in the recycle bin (ms); 15 minutes stand for Salesforce's 15 days. */
  readonly purgeAfterMs?: number;
  /** How long `getDeleted` remembers (ms); default 15 days. */
  readonly deletionsKeptMs?: number;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  readonly log: (line: string) => void;
}

/** What the next calls below `/services/data` shall answer; `times` defaults to 1. */
export interface PlannedFailure {
  readonly status?: number;
  readonly errorCode?: string;
  readonly times?: number;
}

export interface SalesforceStandIn {
  readonly url: string;
  /** The records themselves, for tests that change the source behind the API. */
  readonly store: RecordStore;
  failNext(failure: PlannedFailure): void;
  expireSessions(): void;
  close(): Promise<void>;
}

function registerErrors(app: FastifyInstance, log: (line: string) => void): void {
  app.setNotFoundHandler((_request, reply) => reply.code(404).send(faultOf("NOT_FOUND").body()));
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof ApiFault) return reply.code(error.status).send(error.body());
    const status =
      error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" ? error.statusCode : 500;
    const message = error instanceof Error ? error.message : String(error);
    if (status >= 500) log(`${request.method} ${request.url.split("?")[0]} failed: ${message}`);
    return reply.code(status).send(faultOf(status >= 500 ? "UNKNOWN_EXCEPTION" : "JSON_PARSER_ERROR", message).body());
  });
}

function versionOf(url: string): number {
  return Number(/^\/services\/data\/v(\d+)\.0(?:[/?]|$)/.exec(url)?.[1] ?? Number.NaN);
}

/** Starts the Salesforce stand-in on 127.0.0.1. `jsforce` and any client of the REST and Bulk 2.0 APIs works with it unmodified. */
export async function startSalesforce(options: SalesforceOptions): Promise<SalesforceStandIn> {
  const { log, now = Date.now, counts = DEMO_COUNTS } = options;
  const changes = options.stateDir === undefined ? memoryChangeLog(now()) : openChangeLog(options.stateDir, now());
  const store = createRecordStore(counts, changes);
  const sessions = createSessions(options.credentials, options.sessionMs ?? 2 * HOUR, now);
  const budget = createApiBudget(options.dailyApiRequests ?? 300_000, now);
  const jobs = createBulkQueryJobs(
    store,
    { queuedMs: options.bulkQueuedMs ?? 150, runningMs: options.bulkRunningMs ?? 350 },
    now,
  );
  const failures: ApiFault[] = [];
  let url = "";

  const app = Fastify({ logger: false, bodyLimit: 2 ** 20, forceCloseConnections: true });
  app.addContentTypeParser("application/x-www-form-urlencoded", { parseAs: "string" }, (_request, body, done) =>
    done(null, Object.fromEntries(new URLSearchParams(String(body)))),
  );
  app.addContentTypeParser(["text/xml", "application/xml"], { parseAs: "string" }, (_request, body, done) =>
    done(null, String(body)),
  );
  registerErrors(app, log);
  registerLoginRoutes(app, sessions, () => url);

  app.get("/services/data", () =>
    Array.from({ length: NEWEST_VERSION - OLDEST_VERSION + 1 }, (_, index) => {
      const version = `${OLDEST_VERSION + index}.0`;
      return { label: `Release ${version}`, url: `/services/data/v${version}`, version };
    }),
  );

  app.addHook("onRequest", (request, reply, done) => {
    if (!request.url.startsWith("/services/data/")) return done();
    const version = versionOf(request.url);
    if (!(version >= OLDEST_VERSION && version <= NEWEST_VERSION)) return done(faultOf("NOT_FOUND"));
    const failure = failures.shift();
    if (failure !== undefined) return done(failure);
    const [scheme, token] = (request.headers.authorization ?? "").split(" ");
    try {
      sessions.check(scheme === "Bearer" || scheme === "OAuth" ? token : undefined);
      budget.spend();
    } catch (refusal) {
      return done(refusal as ApiFault);
    } finally {
      void reply.header("Sforce-Limit-Info", budget.header());
    }
    return done();
  });
  registerDataRoutes(app, { store, jobs, budget, deletionsKeptMs: options.deletionsKeptMs ?? 15 * DAY, now });
  registerBulkRoutes(app, jobs);

  url = await app.listen({ port: options.port, host: "127.0.0.1" });

  const timer = options.rate === undefined ? undefined : startLiveChanges(options.rate);
  function startLiveChanges(rate: Rate): NodeJS.Timeout {
    const live = createLiveChanges(store, options.purgeAfterMs ?? 15 * MINUTE, changes.seededAt + changes.past.length);
    let due = 0;
    let last = now();
    return setInterval(() => {
      const at = now();
      // After the machine slept, only one second is caught up: a flood would be no traffic anyone has.
      due += (Math.min(SECOND, at - last) / SECOND) * CHANGES_A_SECOND[rate];
      last = at;
      for (; due >= 1; due -= 1) live.changeOne(at);
      live.emptyRecycleBin(at);
    }, TICK);
  }

  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    clearInterval(timer);
    closing ??= app.close();
    return closing;
  };
  options.signal?.addEventListener("abort", () => void close(), { once: true });
  log(
    `Salesforce stand-in on ${url}: ${Object.entries(counts)
      .map(([object, count]) => `${count} ${object}`)
      .join(", ")}; ${changes.past.length} later changes replayed`,
  );
  return {
    url,
    store,
    failNext({ status, errorCode = "SERVER_UNAVAILABLE", times = 1 }) {
      for (let i = 0; i < times; i += 1) failures.push(faultOf(errorCode, undefined, status));
    },
    expireSessions: () => sessions.expireAll(),
    close,
  };
}
