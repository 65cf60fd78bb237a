import { asPlatformError, type Logger, type PlatformError } from "@nova/pipeline-core/kernel";
import type { LogIntake, OtlpEncoding } from "@nova/engines/log-intake";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { hasBearerToken } from "./bearer-token.ts";
import { acceptRawBodies, readBody } from "./raw-body.ts";

export interface LogRoutesDeps {
  /** Null: logs are not configured, and the routes answer 404. */
  readonly logs: LogIntake | null;
  readonly token: string;
  readonly logger: Logger;
}

/** Seconds after which a sender should come back when the spool is full. */
const RETRY_AFTER = 5;
const RPC_INVALID_ARGUMENT = 3;
const RPC_UNAVAILABLE = 14;
const RPC_UNAUTHENTICATED = 16;

/** `POST /v1/logs` (OTLP/HTTP) and `POST /intake/logs` (NDJSON or a JSON array). 200 means: on disk. */
export async function registerLogIntake(app: FastifyInstance, deps: LogRoutesDeps): Promise<void> {
  const { logs } = deps;
  if (logs === null) return;
  await app.register(async (scope) => {
    acceptRawBodies(scope);
    scope.post("/v1/logs", (request, reply) => otlp(logs, deps, request, reply));
    scope.post("/intake/logs", (request, reply) => lines(logs, deps, request, reply));
  });
}

async function otlp(
  logs: LogIntake,
  deps: LogRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const encoding = otlpEncoding(request.headers["content-type"]);
  if (encoding === null) {
    return reply
      .code(415)
      .type("application/json")
      .send(logs.otlpStatus("json", RPC_INVALID_ARGUMENT, "send application/x-protobuf or application/json"));
  }
  const answer = (status: number, body: Buffer): FastifyReply =>
    reply
      .code(status)
      .type(encoding === "json" ? "application/json" : "application/x-protobuf")
      .send(body);
  if (!hasBearerToken(request.headers.authorization, deps.token)) {
    return answer(401, logs.otlpStatus(encoding, RPC_UNAUTHENTICATED, "the bearer token is missing or wrong"));
  }
  try {
    const taken = await logs.acceptOtlp(await readBody(request), encoding);
    const message =
      taken.rejected === 0 ? "" : `${taken.rejected} records were refused: ${taken.errors[0]?.detail ?? ""}`;
    return answer(200, logs.otlpResponse(encoding, taken.rejected, message));
  } catch (error) {
    const failure = refusal(error, deps.logger);
    const status = statusOf(failure);
    if (status >= 429) reply.header("retry-after", String(RETRY_AFTER));
    return answer(
      status,
      logs.otlpStatus(encoding, status >= 429 ? RPC_UNAVAILABLE : RPC_INVALID_ARGUMENT, failure.message),
    );
  }
}

async function lines(
  logs: LogIntake,
  deps: LogRoutesDeps,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  if (!hasBearerToken(request.headers.authorization, deps.token)) {
    return reply.code(401).send({ error: "the bearer token is missing or wrong" });
  }
  const contentType = request.headers["content-type"] ?? "";
  if (/msgpack|octet-stream/.test(contentType)) {
    return reply.code(415).send({ error: "send newline-delimited JSON or a JSON array; msgpack is not understood" });
  }
  const batchId = request.headers["x-batch-id"];
  try {
    return await reply.send(
      await logs.acceptLines(
        await readBody(request),
        typeof batchId === "string" && batchId !== "" ? batchId.slice(0, 200) : null,
      ),
    );
  } catch (error) {
    const failure = refusal(error, deps.logger);
    const status = statusOf(failure);
    if (status >= 429) reply.header("retry-after", String(RETRY_AFTER));
    return reply.code(status).send({ error: failure.message });
  }
}

function otlpEncoding(contentType: string | undefined): OtlpEncoding | null {
  const type = (contentType ?? "").split(";")[0]?.trim().toLowerCase();
  if (type === "application/x-protobuf") return "protobuf";
  return type === "application/json" ? "json" : null;
}

/** What is neither the sender's fault nor pressure is ours, and goes to the log. */
function refusal(error: unknown, logger: Logger): PlatformError {
  const failure = asPlatformError(error);
  if (failure.kind !== "payload-rejected" && failure.kind !== "overloaded")
    logger.error("a log batch was not taken", { kind: failure.kind, error });
  return failure;
}

/** 4xx: sending the same again cannot help; 429 and 503: it can, later (OTLP, "Failures"). */
function statusOf(failure: PlatformError): number {
  switch (failure.kind) {
    case "payload-rejected":
      return failure.detail["tooLarge"] === true ? 413 : 400;
    case "overloaded":
      return 429;
    default:
      return 503;
  }
}
