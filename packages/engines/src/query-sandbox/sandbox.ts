import {
  type Principal,
  type QueryError,
  type QueryLimits,
  refuseUnreadableLayer,
  type ResultColumn,
  type ResultValue,
  tagsFor,
} from "@nova/pipeline-core/access";
import type { DatasetColumn, DatasetName } from "@nova/pipeline-core/catalog";
import { type Scanned, splitQuery } from "@nova/pipeline-core/lakehouse";
import {
  asPlatformError,
  type Clock,
  type ErrorKind,
  type Logger,
  PlatformError,
  POLICY,
} from "@nova/pipeline-core/kernel";
import { type SandboxChild, startChild } from "./child-process.ts";
import type { ChildFailure, FromChild, ViewRequest } from "./messages.ts";

export interface SandboxDataset {
  /** What the catalog knows of its columns. Columns of the table that are not here are masked. */
  readonly columns: readonly DatasetColumn[];
  /** A parenthesised SELECT over the current snapshot that any DuckDB can embed; its files lie in the lake's folder. */
  readonly scanSql: string;
  /** Compressed bytes by column; under "" what is read whatever the columns are. */
  readonly columnBytes: ReadonlyMap<string, number>;
}

export interface SandboxOptions {
  /** Absolute; the only folder a query's process may read. */
  readonly lakeDir: string;
  /** Memory of one query's engine; it never spills to disk. Default 512. */
  readonly memoryMegabytes?: number;
  /** Secret of the installation that pseudonyms are made with. */
  readonly maskSalt: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Null when the catalog does not know the dataset or it has no table yet. */
  readonly dataset: (name: DatasetName) => Promise<SandboxDataset | null>;
}

export interface PlannedQuery {
  readonly datasets: readonly DatasetName[];
  /** What running it scans at most: the columns that it names, of whole datasets. */
  readonly scans: ReadonlyMap<DatasetName, Scanned>;
  /** Runs it. Pages arrive through `sink` before the promise settles; never throws: a failure is an outcome. */
  run(limits: QueryLimits, sink: QuerySink): Promise<QueryEnd>;
  /** Ends it at once, also while it runs. Idempotent. */
  cancel(): void;
}

export interface QuerySink {
  columns(columns: readonly ResultColumn[], masked: readonly string[]): void;
  rows(rows: readonly (readonly ResultValue[])[], bytes: number): void;
}

export type QueryEnd =
  | { readonly state: "succeeded"; readonly truncated: "rows" | "bytes" | null }
  | { readonly state: "cancelled" }
  | { readonly state: "failed"; readonly error: QueryError };

export type QueryPlanned = PlannedQuery | { readonly refused: QueryError };

export interface QuerySandbox {
  /** Parses the SQL and decides whether this person may run it; nothing has run when it returns. */
  plan(sql: string, principal: Principal): Promise<QueryPlanned>;
  /** Starts the processes that wait for queries; call it when nothing more urgent needs the processor. Idempotent. */
  warmUp(): void;
  /** Ends the spare processes. Running queries are ended too. */
  close(): Promise<void>;
}

/** Runs people's SQL, each query in a process of its own that was started ahead of time and serves no second one. */
export function openQuerySandbox(options: SandboxOptions): QuerySandbox {
  const childOptions = { lakeDir: options.lakeDir, memoryMegabytes: options.memoryMegabytes ?? 512 };
  const alive = new Set<SandboxChild>();
  const spares: Promise<SandboxChild>[] = [];
  let closed = false;

  const startSpare = (): Promise<SandboxChild> => {
    const starting = startChild(childOptions).then((child) => {
      alive.add(child);
      child.process.once("exit", () => alive.delete(child));
      if (closed) child.kill();
      return child;
    });
    // Whoever takes it sees the failure; until then it is only noted.
    starting.catch((error: unknown) => options.logger.warn("a query process did not start", { error }));
    return starting;
  };
  const takeChild = async (): Promise<SandboxChild> => {
    if (closed) throw new PlatformError("overloaded", "the worker is stopping");
    const waiting = spares.shift() ?? startSpare();
    const child = await waiting;
    // The next one loads while this one works.
    if (!closed && spares.length < SPARES) spares.push(startSpare());
    // A spare may have died while it waited.
    return child.process.exitCode === null && child.process.signalCode === null ? child : takeChild();
  };

  return {
    warmUp() {
      while (!closed && spares.length < SPARES) spares.push(startSpare());
    },
    async plan(sql, principal) {
      const child = await takeChild();
      try {
        child.send({ kind: "parse", sql });
        const parsed = await within(child, PARSE_WITHIN_MS, child.next());
        if (parsed.kind === "failed") return refuse(child, toQueryError(parsed.failure, sql));
        if (parsed.kind !== "parsed") throw new PlatformError("engine-failed", `unexpected answer: ${parsed.kind}`);
        const read = await Promise.all(parsed.datasets.map((dataset) => viewFor(options, dataset, principal)));
        const bytes = read.map(
          ({ view, columnBytes }) => [view.dataset, readBytes(columnBytes, parsed.mentions)] as const,
        );
        const views = read.map(({ view }) => view);
        return plannedQuery(child, options, sql, views, splitQuery(new Map(bytes)));
      } catch (error) {
        const known = asPlatformError(error, "engine-failed");
        if (known.policy.audience !== "caller") options.logger.warn("a query could not be planned", { error });
        return refuse(child, queryError(known.kind, known.message));
      }
    },
    async close() {
      closed = true;
      await Promise.all([...alive].map(ended));
      await Promise.all(spares.map((spare) => spare.then(ended, () => undefined)));
    },
  };
}

/** Processes that wait for a query, some 70 MB each: two let a person's next query start at once too. */
const SPARES = 2;
const PARSE_WITHIN_MS = 5_000;

function refuse(child: SandboxChild, refused: QueryError): QueryPlanned {
  child.kill();
  return { refused };
}

function ended(child: SandboxChild): Promise<void> {
  return new Promise((resolve) => {
    if (child.process.exitCode !== null || child.process.signalCode !== null) return resolve();
    child.process.once("exit", () => resolve());
    child.kill();
  });
}

/** Ends the child when the answer takes longer; the answer then fails by itself. */
async function within<T>(child: SandboxChild, milliseconds: number, answer: Promise<T>): Promise<T> {
  const timer = setTimeout(() => child.kill(), milliseconds);
  return answer.finally(() => clearTimeout(timer));
}

/** A name may be an alias or another dataset's column: then too much is counted, never too little. */
function readBytes(columnBytes: ReadonlyMap<string, number>, mentions: readonly string[] | null): number {
  const named = mentions === null ? null : new Set(["", ...mentions]);
  let bytes = 0;
  for (const [column, size] of columnBytes) if (named === null || named.has(column.toLowerCase())) bytes += size;
  return bytes;
}

async function viewFor(
  options: SandboxOptions,
  name: DatasetName,
  principal: Principal,
): Promise<{ readonly view: ViewRequest; readonly columnBytes: ReadonlyMap<string, number> }> {
  refuseUnreadableLayer(principal, name);
  const dataset = await options.dataset(name);
  if (dataset === null) throw new PlatformError("not-found", `${name} is not in the catalog, or holds nothing yet`);
  const tags = tagsFor(principal, name, dataset.columns, options.clock.now());
  return { view: { dataset: name, scanSql: dataset.scanSql, tags }, columnBytes: dataset.columnBytes };
}

function plannedQuery(
  child: SandboxChild,
  options: SandboxOptions,
  sql: string,
  views: readonly ViewRequest[],
  scans: PlannedQuery["scans"],
): PlannedQuery {
  let stopped: "cancelled" | "time" | undefined;
  const stop = (why: "cancelled" | "time"): void => {
    stopped ??= why;
    child.kill();
  };
  const follow = async (sink: QuerySink): Promise<QueryEnd> => {
    for (;;) {
      const message: FromChild = await child.next();
      switch (message.kind) {
        case "columns":
          sink.columns(message.columns, message.masked);
          break;
        case "rows":
          sink.rows(message.rows, message.bytes);
          break;
        case "done":
          return { state: "succeeded", truncated: message.truncated };
        case "failed":
          return { state: "failed", error: toQueryError(message.failure, sql) };
        case "ready":
        case "parsed":
          throw new PlatformError("engine-failed", `unexpected answer: ${message.kind}`);
      }
    }
  };
  return {
    datasets: views.map((view) => view.dataset),
    scans,
    cancel: () => stop("cancelled"),
    async run(limits, sink) {
      const timer = setTimeout(() => stop("time"), limits.milliseconds);
      try {
        child.send({ kind: "run", views, maskSalt: options.maskSalt, rows: limits.rows, bytes: limits.bytes });
        return await follow(sink);
      } catch (error) {
        if (stopped === "cancelled") return { state: "cancelled" };
        if (stopped === "time")
          return failed("query-limit", `the query ran longer than ${limits.milliseconds / 1_000} s`);
        if (child.overMemory) return failed("query-limit", "the query needed more memory than one query may use");
        options.logger.error("a query's process ended by itself", { error });
        return failed("engine-failed", "the query's process ended by itself");
      } finally {
        clearTimeout(timer);
        child.kill();
      }
    },
  };
}

function failed(kind: ErrorKind, message: string): QueryEnd {
  return { state: "failed", error: queryError(kind, message) };
}

function queryError(kind: ErrorKind, message: string, at: QueryError["at"] = null): QueryError {
  return { kind, message, remedy: POLICY[kind].remedy, at };
}

const KIND_OF: Record<ChildFailure["kind"], ErrorKind> = {
  refused: "query-refused",
  wrong: "invalid-input",
  memory: "query-limit",
  engine: "engine-failed",
};

function toQueryError(failure: ChildFailure, sql: string): QueryError {
  const kind = KIND_OF[failure.kind];
  const message = failure.kind === "memory" ? "the query needed more memory than one query may use" : failure.message;
  const at = failure.offset === null ? null : placeOf(sql, failure.offset);
  if (failure.kind === "wrong")
    return { ...queryError(kind, message, at), remedy: "Correct the SQL and run it again." };
  return queryError(kind, message, at);
}

/** Line and column, from 1, of a byte offset. */
function placeOf(sql: string, offset: number): { line: number; column: number } {
  const before = Buffer.from(sql, "utf8").subarray(0, offset).toString("utf8").split("\n");
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}
