import type { DatasetName } from "../catalog/index.ts";
import type { ErrorKind } from "../kernel/index.ts";
import type { Principal } from "./grants.ts";
import type { QueryState } from "./ports.ts";

/** Whoever holds the worker's internal token (the CLI on its machine): reads every layer, personal columns masked. */
export const OPERATOR: Principal = {
  userId: "00000000-0000-7000-8000-000000000000",
  role: "platform-engineer",
  grants: [],
};

/** What one query may use up. Reaching rows or bytes cuts the result short; memory or time ends the query. */
export interface QueryLimits {
  readonly rows: number;
  /** Of the result as JSON. */
  readonly bytes: number;
  readonly milliseconds: number;
}

export interface QueryRequest {
  /** One SELECT in DuckDB's SQL over names like `curated.orders`. */
  readonly sql: string;
  readonly principal: Principal;
  /** E-mail, for the record. */
  readonly actor: string;
  /** Lower than the service's own limits; higher ones are cut down to those. */
  readonly limits?: { readonly [Limit in keyof QueryLimits]?: number | undefined };
}

export interface ResultColumn {
  readonly name: string;
  /** The engine's type text: `BIGINT`, `DECIMAL(12,2)`, `TIMESTAMP WITH TIME ZONE` … */
  readonly type: string;
}

/**
 * One value of a result. Exact: what a JavaScript number cannot hold (BIGINT, DECIMAL, HUGEINT), times, UUIDs and binary
 * are text; lists and structs are JSON values of the same kind.
 */
export type ResultValue =
  | string
  | number
  | boolean
  | null
  | readonly ResultValue[]
  | { readonly [key: string]: ResultValue };

export interface QueryError {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly remedy: string;
  /** Where in the SQL, counted from 1; null when the whole of it is meant. */
  readonly at: { readonly line: number; readonly column: number } | null;
}

export interface QueryStatus {
  readonly id: string;
  readonly state: QueryState;
  readonly datasets: readonly DatasetName[];
  /** Null until the engine has bound the query. */
  readonly columns: readonly ResultColumn[] | null;
  readonly rows: number;
  readonly bytes: number;
  /** Which limit cut the result short, if one did. */
  readonly truncated: "rows" | "bytes" | null;
  /** Columns the query mentions whose values were masked for this person, as `dataset.column`. */
  readonly masked: readonly string[];
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly error: QueryError | null;
}

export interface QueryPage {
  readonly rows: readonly (readonly ResultValue[])[];
  /** Ask for this page next; null when there is no more. */
  readonly next: number | null;
}

/**
 * Queries by people, shaped like Athena's: start → status → pages. Every query is recorded before it runs. An id is
 * known to the person who started it (others get `not-found`) until its result is let go, some minutes after its end.
 */
export interface QueryService {
  /** Answers at once; what is refused shows in the status. Throws `overloaded` when too many wait. */
  start(request: QueryRequest): Promise<string>;
  status(id: string, userId: string): Promise<QueryStatus>;
  /** The page `after` (0 = the first); waits a little for it when the query still runs. */
  page(id: string, userId: string, after: number): Promise<QueryPage>;
  /** Idempotent; a query that has ended stays as it is. */
  cancel(id: string, userId: string): Promise<void>;
}
