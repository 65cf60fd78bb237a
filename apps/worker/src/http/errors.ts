import { asPlatformError, type ErrorKind, type Logger, PlatformError, POLICY } from "@nova/pipeline-core/kernel";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";

/** HTTP status of each kind; total, so that a new kind gets one on purpose. */
const STATUS: Record<ErrorKind, number> = {
  "invalid-input": 400,
  "not-found": 404,
  forbidden: 403,
  conflict: 409,
  "query-refused": 422,
  "query-limit": 422,
  "source-unreachable": 502,
  "source-auth": 502,
  "source-misconfigured": 502,
  "source-budget": 503,
  "slot-lost": 502,
  "payload-rejected": 400,
  "stale-writer": 409,
  "commit-conflict": 409,
  "model-invalid": 422,
  "schema-rejected": 422,
  "check-failed": 422,
  cancelled: 409,
  "failed-by-hand": 409,
  "engine-failed": 500,
  "timed-out": 504,
  "storage-failed": 503,
  "metadata-unreachable": 503,
  overloaded: 503,
  internal: 500,
};

export interface ErrorBody {
  readonly error: {
    readonly kind: ErrorKind;
    readonly message: string;
    readonly remedy: string;
    readonly detail?: unknown;
  };
}

/** Answers every failure in one shape; what is our fault is logged with its cause and told without it. */
export function errorHandler(logger: Logger) {
  return (error: FastifyError, request: FastifyRequest, reply: FastifyReply): void => {
    const known = fromFramework(error) ?? asPlatformError(error);
    if (known.kind === "internal")
      logger.error("a request failed", { error, method: request.method, route: request.routeOptions.url });
    const message = known.kind === "internal" ? "something went wrong in the worker" : known.message;
    const detail = Object.keys(known.detail).length === 0 || known.kind === "internal" ? {} : { detail: known.detail };
    const body: ErrorBody = { error: { kind: known.kind, message, remedy: POLICY[known.kind].remedy, ...detail } };
    void reply.status(STATUS[known.kind]).send(body);
  };
}

/** Body too large, bad JSON, unsupported media type …: the caller's doing, with the framework's own words. */
function fromFramework(error: FastifyError): PlatformError | undefined {
  if (typeof error.statusCode !== "number" || error.statusCode < 400 || error.statusCode >= 500) return undefined;
  return new PlatformError("invalid-input", error.message, { cause: error });
}

/** Parses what came in; throws `invalid-input` naming the field and the fix. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue === undefined || issue.path.length === 0 ? "request" : issue.path.join(".");
  throw new PlatformError("invalid-input", `${field}: ${issue?.message ?? "is not valid"}`, { detail: { field } });
}
