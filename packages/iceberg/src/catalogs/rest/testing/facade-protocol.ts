import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Storage } from "../../../storage/storage.ts";
import type { PointerCatalog } from "../../catalog.ts";

export interface FacadeOptions {
  readonly catalog: PointerCatalog;
  readonly storage: Storage;
  /** Location prefix of tables whose creator names none. */
  readonly warehouse: string;
  /** Part of every address, as the service hands it out. */
  readonly prefix?: string;
  /** Entries per page at most. */
  readonly maxPage?: number;
  /** `config` of every loaded table. */
  readonly tableConfig?: Readonly<Record<string, string>>;
  /** Refuses a request by returning a status, or null. */
  readonly authorise?: (request: IncomingMessage, body: string) => 401 | 403 | null;
}

/** What a route is given. */
export interface Call {
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}
export interface Reply {
  readonly status: number;
  readonly json?: unknown;
}
export type Routes = (method: string, parts: readonly string[], call: Call) => Promise<Reply | null>;

/** Entries of one page, and the token of the next one. */
export function page<T>(
  all: readonly T[],
  query: URLSearchParams,
  maxPage: number,
): { items: T[]; next: string | null } {
  const from = Number(query.get("pageToken") || 0);
  // Without a pageToken the client does not know of pages and gets everything (REST specification, "PageToken").
  const size = query.has("pageToken") ? Math.min(maxPage, Number(query.get("pageSize") ?? maxPage)) : all.length;
  const next = from + size < all.length ? String(from + size) : null;
  return { items: all.slice(from, from + size), next };
}

export function nextMetadataLocation(location: string, previous: string | null): string {
  const version = previous === null ? 0 : Number(/\/(\d+)-[^/]*$/.exec(previous)?.[1] ?? 0) + 1;
  return `${location}/metadata/${String(version).padStart(5, "0")}-${randomUUID()}.metadata.json`;
}
