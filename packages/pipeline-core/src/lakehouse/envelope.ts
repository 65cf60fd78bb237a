/** What happened to the row: created, updated, deleted, read by a snapshot, or its whole stream truncated. */
export const OPS = ["c", "u", "d", "r", "t"] as const;
export type Op = (typeof OPS)[number];

/** The one envelope: columns of every raw dataset, in order, with their Iceberg types. */
export const ENVELOPE_COLUMNS = [
  { name: "source", type: "string", description: "The upstream system." },
  { name: "stream", type: "string", description: "The table, object, event type or service inside the source." },
  {
    name: "op",
    type: "string",
    description: "c created, u updated, d deleted, r read by a snapshot, t stream truncated.",
  },
  {
    name: "key",
    type: "string",
    description: "JSON object of the key columns; for a truncate the range of keys it is about, null for all.",
  },
  {
    name: "payload",
    type: "string",
    description: "JSON object of the row as the source sent it; null for a delete or truncate.",
  },
  {
    name: "unchanged",
    type: "string",
    description: "JSON array of columns the source left out because they did not change; null when none.",
  },
  { name: "source_ts", type: "timestamptz", description: "When it happened in the source." },
  { name: "ingested_at", type: "timestamptz", description: "When the platform took it in." },
  { name: "position", type: "string", description: "Place in the source's order; sorts as text within a source." },
  { name: "batch_id", type: "string", description: "The batch it arrived in." },
  { name: "schema_version", type: "int", description: "Version of the stream's schema it was written with." },
] as const;

/**
 * Rows of one source in columns, ready for the engine; all arrays have the same length.
 * `position` must sort as text in the source's own order (pad numbers).
 */
export interface EnvelopeColumns {
  readonly stream: string[];
  readonly op: Op[];
  readonly key: (string | null)[];
  readonly payload: (string | null)[];
  readonly unchanged: (string | null)[];
  /** Microseconds since the epoch. */
  readonly sourceTs: (bigint | null)[];
  readonly position: string[];
  readonly schemaVersion: number[];
}

export function emptyEnvelopeColumns(): EnvelopeColumns {
  return { stream: [], op: [], key: [], payload: [], unchanged: [], sourceTs: [], position: [], schemaVersion: [] };
}

/**
 * Rows of one stream that a source copied, all of one moment, in a file: a line a row, which begins with a mark that means
 * nothing; then, each behind a tab, what a JSON string of each value has between its quotes, or `\N` where there is none.
 */
export interface CopiedRows {
  readonly file: string;
  readonly stream: string;
  readonly op: Op;
  /** Names of the values, in the order of the lines. */
  readonly columns: readonly string[];
  /** Those of them that are the key; empty when there is none. */
  readonly key: readonly string[];
  readonly rows: number;
  /** Bytes of the longest line. */
  readonly longest: number;
  /** Microseconds since the epoch. */
  readonly sourceTs: bigint;
  readonly position: string;
  readonly schemaVersion: number;
}

/**
 * Rows to append to `raw.<source>`: columns in memory; copied rows, with more in columns beside them; or spool segment
 * files whose lines are JSON objects `{stream, op, key, payload, source_ts (ISO), position}` with `key` and `payload` as
 * JSON text.
 */
export type RawInput =
  | { readonly from: "columns"; readonly columns: EnvelopeColumns }
  | { readonly from: "copied"; readonly copied: readonly CopiedRows[]; readonly columns: EnvelopeColumns }
  | { readonly from: "spool"; readonly files: readonly string[] };
