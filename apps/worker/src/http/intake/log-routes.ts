import { asPlatformError, type Logger, PlatformError } from "@nova/pipeline-core/kernel";
import type { IntakeAnswer, LogIntake, LogService, OtlpEncoding } from "@nova/engines/log-intake";
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { bearerToken } from "./bearer-token.ts";
import type { CountIntake } from "./intake-figures.ts";
import { acceptRawBodies, MAX_BODY_BYTES, readBody } from "./raw-body.ts";

export interface LogRoutesDeps {
  /** Null: logs are not configured, and the routes answer 404. */
  readonly logs: LogIntake | null;
  /** Whose token it is; null for nobody's. */
  readonly identify: (token: string) => LogService | null;
  /** Told of every request, also those that were turned away. */
  readonly count: CountIntake;
  readonly logger: Logger;
}

/** Seconds after which a sender should come back when nobody knows better. */
const RETRY_AFTER = 5;
const LONGEST_BATCH_ID = 200;
const RPC_INVALID_ARGUMENT = 3;
const RPC_UNAVAILABLE = 14;
const RPC_UNAUTHENTICATED = 16;

/** `POST /v1/logs` (OTLP/HTTP) and `POST /intake/logs` (NDJSON or a JSON array). 200 means: on disk. */
export async function registerLogIntake(app: FastifyInstance, deps: LogRoutesDeps): Promise<void> {
  const { logs } = deps;
  if (logs === null) return;
  const senders = new WeakMap<FastifyRequest, LogService>();
  const senderOf = (request: FastifyRequest): LogService => {
    const service = senders.get(request);
    if (service === undefined) throw new PlatformError("internal", "a log batch passed the gate without a sender");
    return service;
  };
  await app.register(async (scope) => {
    acceptRawBodies(scope);
    // Before the body is read: who is turned away costs us next to nothing.
    scope.addHook("onRequest", async (request, reply) => {
      const service = deps.identify(bearerToken(request.headers.authorization));
      if (service === null) {
        deps.count("unknown", "unauthorized", 0, 0);
        return refuse(logs, request, reply, 401, "the bearer token is missing or wrong");
      }
      senders.set(request, service);
      try {
        logs.admit(service);
      } catch (error) {
        return turnDown(logs, deps, request, reply, service, error);
      }
      return undefined;
    });
    const route = (path: string, take: Take, answer: Answer): void => {
      scope.post(path, async (request, reply) => {
        const service = senderOf(request);
        try {
          const body = await readBody(request);
          const taken = await take(logs, request, body, { service, batchId: batchIdOf(request) });
          deps.count(service.name, taken.duplicate ? "duplicate" : "taken", taken.accepted, body.length);
          if (taken.rejected > 0 && !taken.duplicate) deps.count(service.name, "quarantined", taken.rejected, 0);
          return answer(logs, request, reply, taken);
        } catch (error) {
          return turnDown(logs, deps, request, reply, service, error);
        }
      });
    };
    route("/v1/logs", takeOtlp, answerOtlp);
    route("/intake/logs", takeLines, (_logs, _request, reply, taken) => reply.send(taken));
    scope.setErrorHandler((error: FastifyError, request, reply) => {
      if (error.statusCode !== 413) throw error;
      deps.count(senders.get(request)?.name ?? "unknown", "refused", 0, 0);
      return refuse(logs, request, reply, 413, `the body is larger than ${MAX_BODY_BYTES} bytes: send smaller batches`);
    });
  });
}

type Take = (
  logs: LogIntake,
  request: FastifyRequest,
  body: Buffer,
  origin: { service: LogService; batchId: string | null },
) => Promise<IntakeAnswer>;
type Answer = (logs: LogIntake, request: FastifyRequest, reply: FastifyReply, taken: IntakeAnswer) => FastifyReply;

const takeOtlp: Take = async (logs, request, body, origin) => {
  const encoding = otlpEncoding(request);
  if (encoding === null) throw notUnderstood("send application/x-protobuf or application/json");
  return logs.acceptOtlp(body, encoding, origin);
};

const takeLines: Take = async (logs, request, body, origin) => {
  if (/msgpack|octet-stream/.test(request.headers["content-type"] ?? "")) {
    throw notUnderstood(
      "msgpack is not understood: send newline-delimited JSON or a JSON array (Fluent Bit: format json)",
    );
  }
  return logs.acceptLines(body, origin);
};

const answerOtlp: Answer = (logs, request, reply, taken) => {
  const encoding = otlpEncoding(request) ?? "json";
  const message =
    taken.rejected === 0 ? "" : `${taken.rejected} records were refused: ${taken.errors[0]?.detail ?? ""}`;
  return reply.type(OTLP_TYPES[encoding]).send(logs.otlpResponse(encoding, taken.rejected, message));
};

const OTLP_TYPES: Record<OtlpEncoding, string> = { json: "application/json", protobuf: "application/x-protobuf" };

function otlpEncoding(request: FastifyRequest): OtlpEncoding | null {
  const type = (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === OTLP_TYPES.protobuf) return "protobuf";
  return type === OTLP_TYPES.json ? "json" : null;
}

function notUnderstood(message: string): PlatformError {
  return new PlatformError("payload-rejected", message, { detail: { status: 415 } });
}

function batchIdOf(request: FastifyRequest): string | null {
  const batchId = request.headers["x-batch-id"];
  if (typeof batchId !== "string" || batchId === "") return null;
  // Cut off, two batches of different names would become one.
  if (batchId.length > LONGEST_BATCH_ID)
    throw new PlatformError("payload-rejected", `x-batch-id is longer than ${LONGEST_BATCH_ID} characters`);
  return batchId;
}

/** Answers what went wrong; what is neither the sender's fault nor pressure is ours, and goes to the log. */
function turnDown(
  logs: LogIntake,
  { count, logger }: LogRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  service: LogService,
  error: unknown,
): FastifyReply {
  const failure = asPlatformError(error);
  const status = statusOf(failure);
  const { reason, retryAfter } = failure.detail as {
    reason?: "quota" | "fair-share" | "spool-full";
    retryAfter?: number;
  };
  count(
    service.name,
    failure.kind === "overloaded" ? (reason ?? "spool-full") : status < 500 ? "refused" : "failed",
    0,
    0,
  );
  if (status === 503) logger.error("a log batch was not taken", { kind: failure.kind, service: service.name, error });
  if (status >= 429) reply.header("retry-after", String(retryAfter ?? RETRY_AFTER));
  return refuse(logs, request, reply, status, failure.message);
}

/** 4xx: sending the same again cannot help; 429 and 503: it can, later (OTLP, "Failures"). */
function statusOf({ kind, detail }: PlatformError): number {
  if (kind === "overloaded") return 429;
  if (kind !== "payload-rejected") return 503;
  if (typeof detail["status"] === "number") return detail["status"];
  return detail["tooLarge"] === true ? 413 : 400;
}

/** In the words of the route: OTLP has a status message of its own, in the encoding of the request. */
function refuse(
  logs: LogIntake,
  request: FastifyRequest,
  reply: FastifyReply,
  status: number,
  message: string,
): FastifyReply {
  if (request.routeOptions.url !== "/v1/logs") return reply.code(status).send({ error: message });
  const encoding = otlpEncoding(request) ?? "json";
  const code = status === 401 ? RPC_UNAUTHENTICATED : status >= 429 ? RPC_UNAVAILABLE : RPC_INVALID_ARGUMENT;
  return reply
    .code(status)
    .type(OTLP_TYPES[encoding])
    .send(logs.otlpStatus(encoding, code, message));
}
