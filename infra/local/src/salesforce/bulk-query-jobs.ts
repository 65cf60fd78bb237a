import { z } from "zod";
import { type ApiBudget, createApiBudget } from "./api-budget.ts";
import { faultOf } from "./api-fault.ts";
import { type FieldValue, ownerId, type SObjectRecord } from "./seed-records.ts";
import { recordId } from "./record-id.ts";
import { findRange } from "./run-query.ts";
import type { RecordRange, RecordStore } from "./record-store.ts";
import { parseSoql, type Query } from "./soql.ts";

const DELIMITERS = { COMMA: ",", TAB: "\t", PIPE: "|", SEMICOLON: ";", CARET: "^", BACKQUOTE: "`" } as const;

const CreateSchema = z.object({
  operation: z.enum(["query", "queryAll"]),
  query: z.string().min(1),
  contentType: z.literal("CSV").default("CSV"),
  columnDelimiter: z.enum(["COMMA", "TAB", "PIPE", "SEMICOLON", "CARET", "BACKQUOTE"]).default("COMMA"),
  lineEnding: z.enum(["LF", "CRLF"]).default("LF"),
});

export type BulkJobState = "UploadComplete" | "InProgress" | "JobComplete" | "Aborted" | "Failed";

interface Job {
  readonly id: string;
  readonly apiVersion: string;
  readonly request: z.infer<typeof CreateSchema>;
  readonly query: Query;
  readonly createdAt: number;
  /** Taken when the job starts to run: what changes later is not in the results. */
  rows: RecordRange | null;
  aborted: boolean;
}

export interface ResultPage {
  readonly csv: string;
  readonly records: number;
  /** For the next page; the string "null" at the end. */
  readonly locator: string;
}

export interface BulkQueryJobs {
  create(body: unknown, apiVersion: string): object;
  list(): object;
  info(id: string, apiVersion: string): object;
  abort(id: string, apiVersion: string): object;
  delete(id: string, apiVersion: string): void;
  results(id: string, apiVersion: string, locator: string | undefined, maxRecords: number | undefined): ResultPage;
  /** Jobs of the last 24 hours, for `/limits`. */
  readonly budget: ApiBudget;
}

export interface BulkTiming {
  /** How long a job stays in UploadComplete, then in InProgress (ms). */
  readonly queuedMs: number;
  readonly runningMs: number;
}

/** Salesforce chooses the page size itself when none is asked for. */
const DEFAULT_PAGE = 50_000;

const DAILY_JOBS = 10_000;
/** Salesforce keeps results for seven days; here the oldest go first, for they hold on to old records. */
const KEPT_JOBS = 500;

const quoted = (value: FieldValue | undefined): string =>
  `"${value === null || value === undefined ? "" : String(value).replaceAll('"', '""')}"`;

function toCsv(job: Job, rows: readonly SObjectRecord[]): string {
  const delimiter = DELIMITERS[job.request.columnDelimiter];
  const end = job.request.lineEnding === "CRLF" ? "\r\n" : "\n";
  const names = job.query.fields.map((field) => field.name);
  let csv = names.map((name) => quoted(name)).join(delimiter) + end;
  for (const row of rows) csv += names.map((name) => quoted(row[name])).join(delimiter) + end;
  return csv;
}

/** What the Bulk API refuses that REST queries allow. */
function refuseUnsupported(query: Query): void {
  if (query.countOnly || query.aggregates.length > 0)
    throw faultOf("API_ERROR", "Aggregate queries are not supported in Bulk API 2.0");
  if (query.offset !== null) throw faultOf("API_ERROR", "OFFSET is not supported in Bulk API 2.0");
  const compound = query.fields.find((field) => field.type === "address");
  if (compound !== undefined)
    throw faultOf("API_ERROR", `Selecting compound data not supported in Bulk Query: ${compound.name}`);
}

const encodeLocator = (offset: number): string => Buffer.from(`offset ${offset}`).toString("base64url");

function decodeLocator(locator: string): number {
  const match = /^offset (\d+)$/.exec(Buffer.from(locator, "base64url").toString());
  if (match === null) throw faultOf("INVALID_LOCATOR", `Invalid locator: ${locator}`);
  return Number(match[1]);
}

/** Query jobs of the Bulk API 2.0: UploadComplete → InProgress → JobComplete, then CSV pages that can be read again. */
export function createBulkQueryJobs(store: RecordStore, timing: BulkTiming, now: () => number): BulkQueryJobs {
  const jobs = new Map<string, Job>();
  const budget = createApiBudget(DAILY_JOBS, now, "LIMIT_EXCEEDED");
  let counter = 0;

  function stateOf(job: Job): BulkJobState {
    if (job.aborted) return "Aborted";
    const age = now() - job.createdAt;
    if (age < timing.queuedMs) return "UploadComplete";
    job.rows ??= findRange(store, job.query, job.request.operation === "queryAll");
    return age < timing.queuedMs + timing.runningMs ? "InProgress" : "JobComplete";
  }

  /** One job id belongs to one API version; another version in the path is a conflict, as at Salesforce. */
  function jobOf(id: string, apiVersion: string): Job {
    const job = jobs.get(id);
    if (job === undefined) throw faultOf("NOT_FOUND");
    if (job.apiVersion !== apiVersion)
      throw faultOf("API_ERROR", `Job was created with API version ${job.apiVersion}; use the same version`, 409);
    return job;
  }

  function info(job: Job): object {
    const state = stateOf(job);
    const done = state === "JobComplete";
    return {
      id: job.id,
      operation: job.request.operation,
      object: job.query.object.name,
      createdById: ownerId(0),
      createdDate: new Date(job.createdAt).toISOString().replace("Z", "+0000"),
      systemModstamp: new Date(job.createdAt).toISOString().replace("Z", "+0000"),
      state,
      concurrencyMode: "Parallel",
      contentType: "CSV",
      apiVersion: Number(job.apiVersion),
      jobType: "V2Query",
      lineEnding: job.request.lineEnding,
      columnDelimiter: job.request.columnDelimiter,
      ...(done
        ? { numberRecordsProcessed: job.rows?.count ?? 0, retries: 0, totalProcessingTime: timing.runningMs }
        : {}),
    };
  }

  return {
    create(body, apiVersion) {
      const parsed = CreateSchema.safeParse(body);
      if (!parsed.success) throw faultOf("INVALIDJOB", z.prettifyError(parsed.error));
      const query = parseSoql(parsed.data.query);
      refuseUnsupported(query);
      budget.spend();
      counter += 1;
      const job: Job = {
        id: recordId("750", counter),
        apiVersion,
        request: parsed.data,
        query,
        createdAt: now(),
        rows: null,
        aborted: false,
      };
      jobs.set(job.id, job);
      const [oldest] = jobs.keys();
      if (jobs.size > KEPT_JOBS && oldest !== undefined) jobs.delete(oldest);
      return { ...info(job), state: "UploadComplete" };
    },
    list: () => ({ done: true, nextRecordsUrl: null, records: [...jobs.values()].map((job) => info(job)) }),
    info: (id, apiVersion) => info(jobOf(id, apiVersion)),
    abort(id, apiVersion) {
      const job = jobOf(id, apiVersion);
      if (stateOf(job) === "JobComplete")
        throw faultOf("INVALIDJOBSTATE", "Aborting already completed Job not allowed");
      job.aborted = true;
      return info(job);
    },
    delete(id, apiVersion) {
      const job = jobOf(id, apiVersion);
      const state = stateOf(job);
      if (state === "UploadComplete" || state === "InProgress")
        throw faultOf("INVALIDJOBSTATE", "Deleting not Closed/Aborted Job not allowed");
      jobs.delete(id);
    },
    results(id, apiVersion, locator, maxRecords) {
      const job = jobOf(id, apiVersion);
      if (stateOf(job) !== "JobComplete" || job.rows === null)
        throw faultOf("INVALIDJOBSTATE", "The job has no results: its state is not JobComplete");
      if (maxRecords !== undefined && !(Number.isSafeInteger(maxRecords) && maxRecords > 0))
        throw faultOf("INVALID_PARAMETER", "maxRecords must be a whole number above 0");
      const start = locator === undefined ? 0 : decodeLocator(locator);
      const next = start + (maxRecords ?? DEFAULT_PAGE);
      const rows = job.rows.slice(start, next);
      return {
        csv: toCsv(job, rows),
        records: rows.length,
        locator: next < job.rows.end ? encodeLocator(next) : "null",
      };
    },
    budget,
  };
}
