import { createHash, timingSafeEqual } from "node:crypto";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { FastifyRequest } from "fastify";

/**
 * A check that lets a request pass only with `Authorization: Bearer <token>`. Digests are compared, in constant time,
 * so that neither length nor prefix of the token can be felt out.
 */
export function requireBearer(token: string): (request: FastifyRequest) => Promise<void> {
  const expected = createHash("sha256").update(token).digest();
  return async (request) => {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (!timingSafeEqual(createHash("sha256").update(given).digest(), expected))
      throw new PlatformError("forbidden", "the internal API wants the worker's bearer token");
  };
}
