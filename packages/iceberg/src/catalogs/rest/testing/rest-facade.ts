import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { isIcebergError } from "../../../errors.ts";
import { parseWithLongs, stringifyWithLongs } from "../../../metadata/json-longs.ts";
import { RestRefusal } from "./apply-updates.ts";
import type { FacadeOptions, Reply } from "./facade-protocol.ts";
import { facadeNamespaces } from "./facade-namespaces.ts";
import { facadeTables } from "./facade-tables.ts";

/** What the next request meets instead of an orderly answer. */
export type Fault =
  | { readonly kind: "answer"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection breaks before the service sees the request. */
  | { readonly kind: "reset" }
  /** The service does its work, and the connection breaks or a gateway fails before the answer. */
  | { readonly kind: "lost-answer"; readonly status?: number; readonly headers?: Readonly<Record<string, string>> };

export interface RestFacade {
  readonly uri: string;
  /** "METHOD path" of every request so far. */
  readonly seen: string[];
  /** Queues a fault for the next request that matches. */
  fail(matches: (method: string, path: string) => boolean, fault: Fault): void;
  close(): Promise<void>;
}

/**
 * A small Iceberg REST catalog over a pointer catalog and a storage, spoken to over real HTTP. It checks requirements,
 * applies updates and writes the metadata files as a service would. For tests.
 */
export async function startRestFacade(options: FacadeOptions): Promise<RestFacade> {
  const seen: string[] = [];
  const faults: { matches: (method: string, path: string) => boolean; fault: Fault }[] = [];
  const namespaces = facadeNamespaces(options);
  const routes = [namespaces.routes, facadeTables(options, namespaces.known)];
  const prefix = (options.prefix ?? "").split("/").filter((part) => part !== "");

  const dispatch = async (method: string, url: URL, body: string): Promise<Reply> => {
    const parts = url.pathname.split("/").slice(1);
    if (parts.shift() !== "v1") throw new RestRefusal(404, "", "no such address");
    if (parts[0] === "config") return { status: 200, json: { defaults: {}, overrides: { prefix: prefix.join("/") } } };
    for (const part of prefix) if (parts.shift() !== part) throw new RestRefusal(404, "", "no such address");
    const call = { query: url.searchParams, body: parseBody(body) };
    for (const route of routes) {
      const reply = await route(method, parts.map(decodeURIComponent), call);
      if (reply) return reply;
    }
    throw new RestRefusal(404, "", `no such address: ${method} ${url.pathname}`);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await bodyOf(request);
    const method = request.method ?? "GET";
    const url = new URL(request.url ?? "/", "http://facade");
    seen.push(`${method} ${url.pathname}`);
    const at = faults.findIndex((each) => each.matches(method, url.pathname));
    const fault = at < 0 ? undefined : faults.splice(at, 1)[0]?.fault;
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "answer")
      return send(response, fault.status, errorJson(fault.status, "Fault", "on demand"), fault.headers);
    const refused = options.authorise?.(request, body) ?? null;
    if (refused !== null) return send(response, refused, errorJson(refused, "NotAuthorizedException", "refused"));
    const reply = await dispatch(method, url, body).catch(asReply);
    if (fault?.kind !== "lost-answer") return send(response, reply.status, reply.json);
    if (fault.status === undefined) return void request.socket.destroy();
    return send(response, fault.status, errorJson(fault.status, "Gateway", "lost"), fault.headers);
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    fail: (matches, fault) => void faults.push({ matches, fault }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function asReply(error: unknown): Reply {
  if (error instanceof RestRefusal)
    return { status: error.status, json: errorJson(error.status, error.type, error.message) };
  if (isIcebergError(error, "table-exists"))
    return { status: 409, json: errorJson(409, "AlreadyExistsException", error.message) };
  return { status: 500, json: errorJson(500, "InternalServerError", (error as Error).message) };
}

const errorJson = (code: number, type: string, message: string): unknown => ({ error: { message, type, code } });

function send(response: ServerResponse, status: number, json: unknown, headers = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(json === undefined ? undefined : stringifyWithLongs(json));
}

function parseBody(text: string): Readonly<Record<string, unknown>> {
  if (text === "") return {};
  try {
    return parseWithLongs(text) as Record<string, unknown>;
  } catch {
    throw new RestRefusal(400, "BadRequestException", "the body is no JSON");
  }
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
