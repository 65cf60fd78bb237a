import "server-only";
import type { QueryPage, QueryRequest, QueryService, QueryStatus, ResultValue } from "@nova/pipeline-core/access";
import { z } from "zod";
import { askWorker, errorKindSchema, type WorkerAddress } from "./ask-worker.ts";

const value: z.ZodType<ResultValue> = z.json();
const startedSchema = z.object({ queryId: z.uuid() });
const statusSchema = z.object({
  id: z.uuid(),
  state: z.enum(["running", "succeeded", "failed", "cancelled"]),
  datasets: z.array(z.string()),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).nullable(),
  rows: z.number(),
  bytes: z.number(),
  truncated: z.enum(["rows", "bytes"]).nullable(),
  masked: z.array(z.string()),
  startedAt: z.coerce.date(),
  endedAt: z.coerce.date().nullable(),
  error: z
    .object({
      kind: errorKindSchema,
      message: z.string(),
      remedy: z.string(),
      at: z.object({ line: z.number(), column: z.number() }).nullable(),
    })
    .nullable(),
});
const pageSchema = z.object({ rows: z.array(z.array(value)), next: z.number().nullable() });

/** Longer than the worker waits for a page of a query that still runs. */
const ANSWER_MILLIS = 30_000;

/** The worker looks up by itself who the user is and what they may read. */
export interface StartQuery extends Pick<QueryRequest, "sql" | "limits"> {
  readonly userId: string;
}

export interface WorkerQueries extends Omit<QueryService, "start"> {
  /** Answers with the query's id at once; what is refused shows in the status. */
  start(query: StartQuery): Promise<string>;
}

/** The worker's query service. */
export function workerQueries(address: WorkerAddress): WorkerQueries {
  const call = <Schema extends z.ZodType>(schema: Schema, path: string, body?: unknown): Promise<z.infer<Schema>> =>
    askWorker(address, `/queries${path}`, schema, {
      body,
      timeoutMillis: ANSWER_MILLIS,
      silent: "The worker does not answer, so nothing can be queried now.",
    });
  const of = (id: string, userId: string, rest = "", more = ""): string =>
    `/${encodeURIComponent(id)}${rest}?userId=${encodeURIComponent(userId)}${more}`;
  return {
    start: async ({ sql, userId, limits }) => (await call(startedSchema, "", { sql, userId, limits })).queryId,
    status: (id, userId): Promise<QueryStatus> => call(statusSchema, of(id, userId)),
    page: (id, userId, after): Promise<QueryPage> => call(pageSchema, of(id, userId, "/pages", `&after=${after}`)),
    cancel: async (id, userId) => {
      await call(z.null(), of(id, userId, "/cancel"), { userId });
    },
  };
}
