import "server-only";
import { z } from "zod";
import type { QueryPage, QueryRequest, QueryService, QueryStatus, ResultValue } from "@nova/pipeline-core/access";
import { type ErrorKind, PlatformError, POLICY } from "@nova/pipeline-core/kernel";

const kind = z.enum(Object.keys(POLICY) as [ErrorKind, ...ErrorKind[]]);
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
      kind,
      message: z.string(),
      remedy: z.string(),
      at: z.object({ line: z.number(), column: z.number() }).nullable(),
    })
    .nullable(),
});
const pageSchema = z.object({ rows: z.array(z.array(value)), next: z.number().nullable() });
const failureSchema = z.object({ error: z.object({ kind, message: z.string() }) });

/** Longer than the worker waits for a page of a query that still runs. */
const ANSWER_MILLIS = 30_000;

export interface WorkerAddress {
  readonly url: string;
  readonly token: string;
}

/** The worker looks up by itself who the user is and what they may read. */
export interface StartQuery extends Pick<QueryRequest, "sql" | "limits"> {
  readonly userId: string;
}

export interface WorkerQueries extends Omit<QueryService, "start"> {
  /** Answers with the query's id at once; what is refused shows in the status. */
  start(query: StartQuery): Promise<string>;
}

/**
 * The worker's query service over its internal HTTP API. Throws `overloaded` when the worker cannot be reached, and
 * the worker's own kind and words when it refuses.
 */
export function workerQueries({ url, token }: WorkerAddress): WorkerQueries {
  async function call<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
    body?: unknown,
  ): Promise<z.infer<Schema>> {
    const response = await fetch(new URL(`/internal/queries${path}`, url), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_MILLIS),
    }).catch((cause: unknown) => {
      throw new PlatformError("overloaded", WORKER_SILENT, { cause });
    });
    // What is no JSON fails below, as an answer of another shape.
    const answer: unknown = response.status === 204 ? null : await response.json().catch(() => undefined);
    if (!response.ok) throw failure(answer, response.status);
    const parsed = schema.safeParse(answer);
    if (!parsed.success)
      throw new PlatformError("internal", "the worker's answer has another shape than this portal knows", {
        cause: parsed.error,
      });
    return parsed.data;
  }
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

/** What people read when the worker does not answer. */
export const WORKER_SILENT = "The worker does not answer, so nothing can be queried now.";

function failure(answer: unknown, status: number): PlatformError {
  const parsed = failureSchema.safeParse(answer);
  return parsed.success
    ? new PlatformError(parsed.data.error.kind, parsed.data.error.message)
    : new PlatformError("internal", `the worker answered with HTTP ${status}`);
}
