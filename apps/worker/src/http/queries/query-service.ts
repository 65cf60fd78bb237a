import {
  OPERATOR,
  type QueryLimits,
  type QueryRequest,
  type QueryService,
  type QueryStatus,
  type QueryStore,
  type ResultValue,
} from "@nova/pipeline-core/access";
import {
  asPlatformError,
  type Clock,
  type IdSource,
  type Logger,
  MINUTE,
  PlatformError,
  POLICY,
  SECOND,
} from "@nova/pipeline-core/kernel";
import { turnstile } from "../../turnstile.ts";
import type { PlannedQuery, QueryEnd, QuerySandbox } from "@nova/engines/query-sandbox";

export interface QueryServiceOptions {
  readonly sandbox: QuerySandbox;
  readonly store: QueryStore;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  /** Told of every query that ended, for the metrics. */
  readonly onEnded: (state: string, seconds: number) => void;
  readonly limits?: QueryLimits;
}

export const DEFAULT_LIMITS: QueryLimits = { rows: 10_000, bytes: 8 * 1024 * 1024, milliseconds: 60 * SECOND };

/** Queries that run or wait at once over all people; beyond it, `overloaded`. */
const MOST_AT_ONCE = 16;
/** Each has a process; the worker's own work keeps the rest of the machine. */
const MOST_RUNNING = 3;
/** How long a result can be read after its query ended, and how many bytes of results are kept at most. */
const KEEP_FOR = 10 * MINUTE;
const KEEP_BYTES = 64 * 1024 * 1024;
/** How long a page waits for rows before it answers with none. */
const PAGE_WAIT = 5 * SECOND;

interface Held {
  readonly userId: string;
  readonly pages: (readonly (readonly ResultValue[])[])[];
  status: QueryStatus;
  planned: PlannedQuery | null;
  scanned: PlannedQuery["scans"];
  cancelled: boolean;
  /** Called when a page arrived or the query ended. */
  readonly waiting: Set<() => void>;
}

export interface RunningQueryService extends QueryService {
  /** Lets the processes start that wait for queries: once the worker serves, not while it starts. */
  warmUp(): void;
  /** Cancels what runs and waits until it is on record. */
  stop(): Promise<void>;
}

/** Runs queries in the sandbox and holds their results for a while. Every query is on record before it runs. */
export function createQueryService(options: QueryServiceOptions): RunningQueryService {
  const { sandbox, store, clock, ids } = options;
  const most = options.limits ?? DEFAULT_LIMITS;
  const held = new Map<string, Held>();
  const working = new Set<Promise<void>>();
  const turns = turnstile(MOST_RUNNING);

  const find = (id: string, userId: string): Held => {
    const query = held.get(id);
    if (query === undefined || query.userId !== userId)
      throw new PlatformError("not-found", `query ${id} is not known, or its result was let go`);
    return query;
  };
  const wake = (query: Held): void => {
    for (const notify of query.waiting) notify();
    query.waiting.clear();
  };

  async function work(id: string, query: Held, request: QueryRequest): Promise<void> {
    const planned = await sandbox.plan(request.sql, request.principal);
    const datasets = "refused" in planned ? [] : planned.datasets;
    query.status = { ...query.status, datasets };
    const userId = request.principal.userId === OPERATOR.userId ? null : request.principal.userId;
    await store.start({ id, userId, actor: request.actor, sql: request.sql, datasets });
    const end =
      "refused" in planned
        ? ({ state: "failed", error: planned.refused } as const)
        : await execute(query, planned, request);
    await conclude(id, query, end);
  }

  async function execute(query: Held, planned: PlannedQuery, request: QueryRequest): Promise<QueryEnd> {
    query.planned = planned;
    if (query.cancelled) {
      planned.cancel();
      return { state: "cancelled" };
    }
    query.scanned = planned.scans;
    return planned.run(lowest(request.limits, most), {
      columns(columns, masked) {
        query.status = { ...query.status, columns, masked };
      },
      rows(rows, bytes) {
        query.pages.push(rows);
        query.status = { ...query.status, rows: query.status.rows + rows.length, bytes: query.status.bytes + bytes };
        wake(query);
      },
    });
  }

  async function conclude(id: string, query: Held, end: QueryEnd): Promise<void> {
    const endedAt = clock.now();
    const error = end.state === "failed" ? end.error : null;
    await store.finish(id, {
      state: end.state,
      rows: query.status.rows,
      bytes: query.status.bytes,
      error,
      // One that failed is not billed; one that was cancelled is, by how far it came at most.
      scanned: end.state === "failed" ? new Map() : query.scanned,
    });
    query.status = {
      ...query.status,
      state: end.state,
      truncated: end.state === "succeeded" ? end.truncated : null,
      endedAt,
      error,
    };
    query.planned = null;
    wake(query);
    options.onEnded(end.state, (endedAt.getTime() - query.status.startedAt.getTime()) / SECOND);
  }

  /** The record could not be written, or the sandbox broke: the person is told, the log has why. */
  function giveUp(id: string, query: Held, cause: unknown): void {
    const known = asPlatformError(cause);
    options.logger.error("a query failed in the worker", { query: id, error: cause });
    query.planned?.cancel();
    const error = {
      kind: known.kind,
      message: "the query could not be run",
      remedy: POLICY[known.kind].remedy,
      at: null,
    };
    query.status = { ...query.status, state: "failed", endedAt: clock.now(), error };
    wake(query);
  }

  /** Lets go of results past their time, oldest first while there are too many bytes. */
  function letGo(): void {
    const now = clock.now().getTime();
    let bytes = [...held.values()].reduce((sum, query) => sum + query.status.bytes, 0);
    for (const [id, { status }] of held) {
      if (status.endedAt === null) continue;
      if (now - status.endedAt.getTime() < KEEP_FOR && bytes <= KEEP_BYTES) continue;
      bytes -= status.bytes;
      held.delete(id);
    }
  }

  return {
    async start(request) {
      letGo();
      if (working.size >= MOST_AT_ONCE)
        throw new PlatformError("overloaded", `${working.size} queries run or wait; try again in some seconds`);
      const id = ids.next();
      const status: QueryStatus = {
        id,
        state: "running",
        datasets: [],
        columns: null,
        rows: 0,
        bytes: 0,
        truncated: null,
        masked: [],
        startedAt: clock.now(),
        endedAt: null,
        error: null,
      };
      const query: Held = {
        userId: request.principal.userId,
        pages: [],
        status,
        planned: null,
        scanned: new Map(),
        cancelled: false,
        waiting: new Set(),
      };
      held.set(id, query);
      const job: Promise<void> = turns(() => work(id, query, request))
        .catch((cause: unknown) => giveUp(id, query, cause))
        .finally(() => working.delete(job));
      working.add(job);
      return id;
    },
    async status(id, userId) {
      return find(id, userId).status;
    },
    async page(id, userId, after) {
      const query = find(id, userId);
      if (query.pages[after] === undefined && query.status.endedAt === null) await arrival(query, PAGE_WAIT);
      const rows = query.pages[after] ?? [];
      const more = query.pages[after + 1] !== undefined || query.status.endedAt === null;
      return { rows, next: more ? after + (query.pages[after] === undefined ? 0 : 1) : null };
    },
    async cancel(id, userId) {
      const query = find(id, userId);
      query.cancelled = true;
      query.planned?.cancel();
    },
    warmUp: () => sandbox.warmUp(),
    async stop() {
      for (const query of held.values()) {
        query.cancelled = true;
        query.planned?.cancel();
      }
      await Promise.all(working);
      await sandbox.close();
    },
  };
}

/** Resolves when something arrived for the query, or after `milliseconds`. */
function arrival(query: Held, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    query.waiting.add(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function lowest(asked: QueryRequest["limits"], most: QueryLimits): QueryLimits {
  return {
    rows: Math.min(asked?.rows ?? most.rows, most.rows),
    bytes: Math.min(asked?.bytes ?? most.bytes, most.bytes),
    milliseconds: Math.min(asked?.milliseconds ?? most.milliseconds, most.milliseconds),
  };
}
