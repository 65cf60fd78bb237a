import "server-only";
import { type ErrorKind, PlatformError, POLICY } from "@nova/pipeline-core/kernel";
import { z } from "zod";

export const errorKindSchema = z.enum(Object.keys(POLICY) as [ErrorKind, ...ErrorKind[]]);
const failureSchema = z.object({ error: z.object({ kind: errorKindSchema, message: z.string() }) });

export interface WorkerAddress {
  readonly url: string;
  readonly token: string;
}

export interface Question {
  /** Sent as JSON by POST; without one it is a GET. */
  readonly body?: unknown;
  readonly timeoutMillis: number;
  /** What people read when the worker does not answer in time. */
  readonly silent: string;
}

/**
 * Asks the worker over its internal HTTP API; `path` is below `/internal`. Throws `overloaded` when the worker cannot
 * be reached, the worker's own kind and words when it refuses, and `internal` for an answer that nobody expects.
 */
export async function askWorker<Schema extends z.ZodType>(
  { url, token }: WorkerAddress,
  path: string,
  schema: Schema,
  { body, timeoutMillis, silent }: Question,
): Promise<z.infer<Schema>> {
  const response = await fetch(new URL(`/internal${path}`, url), {
    method: body === undefined ? "GET" : "POST",
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMillis),
  }).catch((cause: unknown) => {
    throw new PlatformError("overloaded", silent, { cause });
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

function failure(answer: unknown, status: number): PlatformError {
  const parsed = failureSchema.safeParse(answer);
  return parsed.success
    ? new PlatformError(parsed.data.error.kind, parsed.data.error.message)
    : new PlatformError("internal", `the worker answered with HTTP ${status}`);
}
