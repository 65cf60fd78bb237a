import type { TableIdentifier } from "../catalog.ts";
import type { RestConfig } from "./rest-config.ts";
import { noAnswerError, type About } from "./rest-errors.ts";
import type { RestAnswer, Transport } from "./transport.ts";

/** Addresses and requests of one configured catalog. */
export interface RestApi {
  readonly name: string;
  config(): RestConfig;
  about(what: string, detail: Record<string, unknown>): About;
  /** The last parts of an address; `""` for `…/namespaces` itself. */
  namespacePath(namespace: string | null, rest?: string): string;
  tablesPath(namespace: string): string;
  tablePath(id: TableIdentifier): string;
  read(method: "GET" | "HEAD", path: string, about: About): Promise<RestAnswer>;
  change(method: "POST" | "DELETE", path: string, about: About, body?: unknown): Promise<RestAnswer>;
  /** All pages of a listing. */
  pages(path: string, about: About, onPage: (answer: RestAnswer) => string | null): Promise<void>;
}

export function restApi(name: string, config: RestConfig, transport: Transport, pageSize: number): RestApi {
  const urlOf = (path: string): URL => new URL(`${config.base}${path}`);
  const namespacePath = (namespace: string | null, rest = ""): string =>
    namespace === null
      ? `/namespaces${rest}`
      : `/namespaces/${namespace.split(".").map(encodeURIComponent).join(config.separator)}${rest}`;
  const tablesPath = (namespace: string): string => namespacePath(namespace, "/tables");
  const api: RestApi = {
    name,
    config: () => config,
    about: (what, detail) => ({ catalog: name, what, detail }),
    namespacePath,
    tablesPath,
    tablePath: (id) => `${tablesPath(id.namespace)}/${encodeURIComponent(id.name)}`,
    read: async (method, path, about) =>
      transport.send(method, urlOf(path)).catch((error: unknown) => {
        throw noAnswerError(error, about, false);
      }),
    change: async (method, path, about, body) =>
      transport.send(method, urlOf(path), body).catch((error: unknown) => {
        throw noAnswerError(error, about, true);
      }),
    pages: async (path, about, onPage) => {
      let token: string | null = "";
      while (token !== null) {
        const query = new URLSearchParams({ pageToken: token, pageSize: String(pageSize) });
        const answer = await api.read("GET", `${path}${path.includes("?") ? "&" : "?"}${query.toString()}`, about);
        const next = onPage(answer);
        token = next === token || next === "" ? null : next;
      }
    },
  };
  return api;
}
