import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import type { RestAuth } from "./auth.ts";

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface SigV4Options {
  readonly region: string;
  /** Signing name: `glue` for Glue's endpoint, `s3tables` for S3 Tables. */
  readonly service: string;
  /** Fixed credentials, or a provider asked before every request (it caches by itself, as the AWS SDK's providers do). */
  readonly credentials: AwsCredentials | (() => Promise<AwsCredentials>);
  /** Epoch milliseconds; default the system clock. */
  readonly clock?: () => number;
}

/** Signs every request with AWS Signature Version 4, its body included. */
export function sigV4Auth(options: SigV4Options): RestAuth {
  const signer = new SignatureV4({
    region: options.region,
    service: options.service,
    credentials: options.credentials,
    sha256: NodeSha256,
  });
  return {
    headers: async ({ method, url, headers, body }) => {
      const query: Record<string, string> = {};
      for (const [name, value] of url.searchParams) query[name] = value;
      const signed = await signer.sign(
        {
          method,
          protocol: url.protocol,
          hostname: url.hostname,
          ...(url.port === "" ? {} : { port: Number(url.port) }),
          path: url.pathname,
          query,
          headers: { ...headers, host: url.host },
          body,
        },
        { signingDate: new Date((options.clock ?? Date.now)()) },
      );
      return Object.fromEntries(Object.entries(signed.headers).filter(([name]) => name !== "host"));
    },
  };
}

/** SHA-256 and its HMAC from Node, in the shape that the signer asks for. */
class NodeSha256 {
  readonly #secret: string | ArrayBuffer | ArrayBufferView | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#secret = secret;
    this.#hash = this.#fresh();
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    this.#hash = this.#fresh();
  }
  #fresh(): Hash | Hmac {
    return this.#secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(this.#secret));
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === "string") return Buffer.from(data, "utf8");
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
