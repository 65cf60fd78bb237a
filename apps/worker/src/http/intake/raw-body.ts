import { promisify } from "node:util";
import { gunzip, inflate } from "node:zlib";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { FastifyInstance, FastifyRequest } from "fastify";

/** Largest body as sent, and after decompression. */
export const MAX_BODY_BYTES = 8 * 1024 ** 2;
export const MAX_INFLATED_BYTES = 32 * 1024 ** 2;

const unzip = promisify(gunzip);
const deflated = promisify(inflate);

/** Hands every body of this scope over as bytes: signatures and checksums are over what was sent. */
export function acceptRawBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_BODY_BYTES }, (_request, body, done) =>
    done(null, body),
  );
}

/** The body, decompressed. Throws `payload-rejected` for what cannot be read or grows too large. */
export async function readBody(request: FastifyRequest): Promise<Buffer> {
  const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  const encoding = request.headers["content-encoding"] ?? "identity";
  switch (encoding) {
    case "identity":
      return body;
    case "gzip":
      return decompress(unzip(body, { maxOutputLength: MAX_INFLATED_BYTES }));
    case "deflate":
      return decompress(deflated(body, { maxOutputLength: MAX_INFLATED_BYTES }));
    default:
      throw new PlatformError(
        "payload-rejected",
        `content-encoding ${encoding} is not understood: send gzip, deflate or none`,
      );
  }
}

async function decompress(inflating: Promise<Buffer>): Promise<Buffer> {
  try {
    return await inflating;
  } catch (error) {
    const tooLarge = (error as { code?: unknown }).code === "ERR_BUFFER_TOO_LARGE";
    const message = tooLarge
      ? `the body is larger than ${MAX_INFLATED_BYTES} bytes when decompressed`
      : "the compressed body is damaged";
    throw new PlatformError("payload-rejected", message, { cause: error, detail: { tooLarge } });
  }
}
