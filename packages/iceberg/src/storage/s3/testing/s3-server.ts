import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the next matching request meets instead of an orderly answer. */
export type S3Fault =
  | { readonly kind: "error"; readonly status: number; readonly code: string }
  /** The connection breaks before anything is done. */
  | { readonly kind: "reset" }
  /** It is done, and the connection breaks before the answer. */
  | { readonly kind: "lost-answer" };

export interface S3Server {
  readonly endpoint: string;
  /** "METHOD /bucket/key?operation" of every request. */
  readonly seen: string[];
  readonly objects: ReadonlyMap<string, StoredObject>;
  /** Multipart uploads that are neither completed nor aborted. */
  readonly uploads: ReadonlyMap<string, unknown>;
  fail(matches: (line: string) => boolean, fault: S3Fault): void;
  close(): Promise<void>;
}

export interface StoredObject {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modifiedAt: Date;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

interface Request {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}
interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

const LIST_PAGE = 4;

/**
 * A small S3 for tests, path style, that the official SDK works against unmodified: objects, conditional writes, multipart,
 * listing in pages, deleting many, faults on demand. Every request must carry a SigV4 signature (its presence is checked).
 */
export async function startS3Server(options: { buckets: readonly string[] }): Promise<S3Server> {
  const seen: string[] = [];
  const faults: { matches: (line: string) => boolean; fault: S3Fault }[] = [];
  const objects = new Map<string, StoredObject>();
  const uploads = new Map<string, { name: string; metadata: Record<string, string>; parts: Map<number, Buffer> }>();

  const store = (name: string, bytes: Buffer, metadata: Record<string, string>, request: Request): string => {
    if (request.headers["if-none-match"] === "*" && objects.has(name)) throw new Refusal(412, "PreconditionFailed");
    const etag = `"${createHash("md5").update(bytes).digest("hex")}"`;
    objects.set(name, { bytes, etag, metadata, modifiedAt: new Date() });
    return etag;
  };

  const onObject = (request: Request): Answer => {
    const { method, key, query, headers, body } = request;
    const name = `${request.bucket}/${key}`;
    const uploadId = query.get("uploadId");
    if (method === "POST" && query.has("uploads")) {
      const id = randomUUID();
      uploads.set(id, { name, metadata: metadataOf(headers), parts: new Map() });
      return xml(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
    }
    if (uploadId !== null) return onUpload(request, name, uploadId);
    if (method === "PUT") return { status: 200, headers: { etag: store(name, body, metadataOf(headers), request) } };
    const found = objects.get(name);
    if (!found) throw new Refusal(404, "NoSuchKey");
    const described = {
      etag: found.etag,
      "last-modified": found.modifiedAt.toUTCString(),
      "content-length": String(found.bytes.length),
      ...Object.fromEntries(Object.entries(found.metadata).map(([field, value]) => [`x-amz-meta-${field}`, value])),
    };
    if (method === "HEAD") return { status: 200, headers: described };
    if (method === "GET") return { status: 200, headers: described, body: found.bytes };
    throw new Refusal(405, "MethodNotAllowed");
  };

  const onUpload = (request: Request, name: string, id: string): Answer => {
    const upload = uploads.get(id);
    if (!upload) throw new Refusal(404, "NoSuchUpload");
    if (request.method === "PUT") {
      upload.parts.set(Number(request.query.get("partNumber")), request.body);
      return { status: 200, headers: { etag: `"${createHash("md5").update(request.body).digest("hex")}"` } };
    }
    if (request.method === "DELETE") {
      uploads.delete(id);
      return { status: 204 };
    }
    const numbers = [...request.body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber>/g)].map(([, n]) => Number(n));
    const parts = numbers.map((number) => upload.parts.get(number) ?? Buffer.alloc(0));
    const etag = store(name, Buffer.concat(parts), upload.metadata, request);
    uploads.delete(id);
    return xml(`<CompleteMultipartUploadResult><ETag>${etag}</ETag></CompleteMultipartUploadResult>`);
  };

  const onBucket = ({ method, bucket, query, body }: Request): Answer => {
    if (method === "POST" && query.has("delete")) {
      for (const [, key = ""] of body.toString().matchAll(/<Key>(.*?)<\/Key>/gs))
        objects.delete(`${bucket}/${unescape(key)}`);
      return xml("<DeleteResult></DeleteResult>");
    }
    if (method !== "GET") throw new Refusal(405, "MethodNotAllowed");
    const prefix = `${bucket}/${query.get("prefix") ?? ""}`;
    const after = query.get("continuation-token");
    const names = [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();
    const rest = after === null ? names : names.filter((name) => name > after);
    const page = rest.slice(0, LIST_PAGE);
    const contents = page.map((name) => {
      const object = objects.get(name) as StoredObject;
      const key = escape(name.slice(bucket.length + 1));
      return `<Contents><Key>${key}</Key><Size>${object.bytes.length}</Size><LastModified>${object.modifiedAt.toISOString()}</LastModified></Contents>`;
    });
    const more = rest.length > page.length;
    const token = more ? `<NextContinuationToken>${escape(page.at(-1) as string)}</NextContinuationToken>` : "";
    return xml(`<ListBucketResult><IsTruncated>${more}</IsTruncated>${token}${contents.join("")}</ListBucketResult>`);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? "/", "http://s3");
    const [, bucket = "", ...rest] = url.pathname.split("/");
    const key = rest.map(decodeURIComponent).join("/");
    const operation = ["uploads", "uploadId", "delete", "list-type"].find((name) => url.searchParams.has(name));
    const line = `${request.method} /${bucket}/${key}${operation === undefined ? "" : `?${operation}`}`;
    seen.push(line);
    const at = faults.findIndex((each) => each.matches(line));
    const fault = at < 0 ? undefined : faults.splice(at, 1)[0]?.fault;
    if (fault?.kind === "reset") return void request.socket.destroy();
    let reply: Answer;
    try {
      const body = decoded(request, await bodyOf(request));
      if (fault?.kind === "error") throw new Refusal(fault.status, fault.code);
      if (!request.headers.authorization?.startsWith("AWS4-HMAC-SHA256 Credential="))
        throw new Refusal(403, "AccessDenied");
      if (!options.buckets.includes(bucket)) throw new Refusal(404, "NoSuchBucket");
      const parsed = {
        method: request.method ?? "",
        bucket,
        key,
        query: url.searchParams,
        headers: request.headers,
        body,
      };
      reply = key === "" ? onBucket(parsed) : onObject(parsed);
    } catch (error) {
      const { status, code } = error instanceof Refusal ? error : new Refusal(500, "InternalError");
      reply = { ...xml(`<Error><Code>${code}</Code><Message>${code}</Message></Error>`), status };
    }
    if (fault?.kind === "lost-answer") return void request.socket.destroy();
    response.writeHead(reply.status, reply.headers);
    response.end(request.method === "HEAD" ? undefined : reply.body);
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    objects,
    uploads,
    fail: (matches, fault) => void faults.push({ matches, fault }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const xml = (body: string): Answer => ({
  status: 200,
  headers: { "content-type": "application/xml" },
  body: `<?xml version="1.0" encoding="UTF-8"?>${body}`,
});
const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const unescape = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");

function metadataOf(headers: IncomingMessage["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.startsWith("x-amz-meta-"))
      .map(([name, value]) => [name.slice("x-amz-meta-".length), String(value)]),
  );
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Bodies of `aws-chunked` encoding carry their checksum in a trailer. */
function decoded(request: IncomingMessage, body: Buffer): Buffer {
  if (!String(request.headers["content-encoding"] ?? "").includes("aws-chunked")) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const end = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.subarray(at, end).toString(), 16);
    if (size === 0 || Number.isNaN(size)) break;
    chunks.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}
