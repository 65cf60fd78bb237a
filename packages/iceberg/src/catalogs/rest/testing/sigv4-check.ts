import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Recomputes an AWS Signature Version 4 from a received request, written from the documentation and independent of the
 * signer under test. Null when the Authorization header is no such signature.
 */
export function recomputeSignature(
  request: Pick<IncomingMessage, "method" | "url" | "headers">,
  body: string,
  secret: string,
): { given: string; expected: string } | null {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/[^/]+\/[^/]+\/aws4_request), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      request.headers.authorization ?? "",
    );
  if (!match) return null;
  const [, , scope = "", names = "", given = ""] = match;
  const url = new URL(request.url ?? "/", "http://x");
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = url.pathname.split("/").map(encode).join("/"); // every service but S3 encodes the encoded path once more
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join("&");
  const headers = names
    .split(";")
    .map((name) => `${name}:${String(request.headers[name]).trim().replace(/\s+/g, " ")}\n`);
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  const canonical = [request.method, path, query, headers.join(""), names, hash(body)].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", request.headers["x-amz-date"], scope, hash(canonical)].join("\n");
  const key = scope
    .split("/")
    .reduce<string | Buffer>(
      (secretKey, part) => createHmac("sha256", secretKey).update(part).digest(),
      `AWS4${secret}`,
    );
  return { given, expected: createHmac("sha256", key).update(toSign).digest("hex") };
}
