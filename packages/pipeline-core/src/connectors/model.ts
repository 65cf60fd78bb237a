import { z } from "zod";
import type { PiiTag } from "../catalog/index.ts";

export const SOURCE_KINDS = ["postgres", "salesforce", "stripe", "logs"] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** The four sources of NovaRetail; ids are also the names of their raw datasets. */
export const SOURCE_IDS = ["orders_db", "salesforce", "stripe", "app_logs"] as const;
export type SourceId = (typeof SOURCE_IDS)[number];

/**
 * - `not-configured`: set by the worker at start when no connection is given; nobody waits on it.
 * - `connecting`: set before the first contact and after every loss; leaves on contact.
 * - `snapshotting`: set while existing rows are read; leaves when every stream is caught up.
 * - `streaming`: changes flow.
 * - `retrying`: set on a failure with a timed retry; the worker tries again with backoff.
 * - `stopped`: set on a failure that only a person can settle; stays until someone acts.
 */
export const SOURCE_STATES = [
  "not-configured",
  "connecting",
  "snapshotting",
  "streaming",
  "retrying",
  "stopped",
] as const;
export type SourceState = (typeof SOURCE_STATES)[number];

/**
 * - `waiting`: known, its rows are still to be read.
 * - `snapshotting`: its rows are read, for the first time or again; ends when the last one is in raw.
 * - `streaming`: changes flow.
 * - `paused`: a person stopped it; its changes are not taken until they resume it, which reads it again.
 * - `failed`: it alone could not go on; the others do. Its changes are not taken until a person resyncs it.
 */
export const STREAM_STATES = ["waiting", "snapshotting", "streaming", "paused", "failed"] as const;
export type StreamState = (typeof STREAM_STATES)[number];

/** What a person may ask of one stream. `replay` reads just the rows again that stand in quarantine. */
export const ASKED_ACTIONS = ["pause", "resume", "resync", "replay"] as const;

/** `repair` reads those rows again that a comparison found to differ: the comparison asks for it. */
export const STREAM_ACTIONS = [...ASKED_ACTIONS, "repair"] as const;
export type AskedAction = (typeof ASKED_ACTIONS)[number];
export type StreamAction = (typeof STREAM_ACTIONS)[number];

/** What may be asked of the streams of each source: its connector carries out nothing else. */
export const STEERED: Readonly<Record<SourceId, readonly AskedAction[]>> = {
  orders_db: ASKED_ACTIONS,
  salesforce: ASKED_ACTIONS,
  stripe: ["resync", "replay"],
  app_logs: ["replay"],
};
/** Sources that keep what they refused before any stream of it was known, and can take it again. */
export const REPLAYED_WHOLE: readonly SourceId[] = ["stripe"];
/**
 * What a replay takes out of quarantine: what was sent to us and could not be read is judged by the rules of today; of other
 * streams the rows that did not fit their columns are read from the source again.
 */
export function replayedReason(source: SourceId, stream: string | null): QuarantineReason {
  return source === "app_logs" || stream === null ? "malformed" : "type-mismatch";
}
/** Sources whose streams can be compared with their datasets. */
export const COMPARED_SOURCES = ["orders_db", "salesforce", "stripe"] as const;

/** Whether an action makes sense in a state; the portal offers it and the worker takes it by the same rule. */
export function mayAct(state: StreamState, action: StreamAction): boolean {
  switch (action) {
    case "pause":
      return state === "streaming" || state === "failed";
    case "resume":
      return state === "paused";
    case "resync":
      return state === "streaming" || state === "failed" || state === "paused";
    case "replay":
    case "repair":
      return state === "streaming";
  }
}

/** One column of a stream as the source's own catalog describes it. */
export interface StreamColumn {
  readonly name: string;
  /** The source's own type text: `numeric(12,2)`, `timestamp with time zone`, `reference`, `currency` … */
  readonly sourceType: string;
  /** The Iceberg type staged uses for it. */
  readonly type: string;
  readonly nullable: boolean;
  readonly description: string;
  readonly pii: PiiTag;
  /** JSON pointer into the payload; the column's own name at the top when absent. */
  readonly path?: string;
}

/** A column that the stream no longer sends and its dataset keeps. */
export interface KeptColumn extends StreamColumn {
  /** Its name in the dataset. */
  readonly stagedName: string;
  /** Names the stream had for it before its last one, newest first. */
  readonly former: readonly string[];
}

/** How a column of the stream stands in the dataset, where that is not simply under its own name and type. */
export interface StagedRule {
  /** The dataset does not have it. */
  readonly skip?: boolean;
  /** It goes on under this name of the dataset; rows from before carry it under one of `former`. */
  readonly as?: { readonly name: string; readonly former: readonly string[] };
  /** The dataset keeps this Iceberg type: what does not fit loads as null. */
  readonly type?: string;
  /** The dataset's column of another type makes way for this one. */
  readonly replace?: boolean;
}

/**
 * What a dataset has that its stream's present schema does not say: what drift left open, and what people decided. It is
 * part of the stream's schema, so everything that reads a layout sees the same dataset.
 */
export interface StagedShape {
  readonly kept: readonly KeptColumn[];
  /** By the stream's column name. */
  readonly columns: Readonly<Record<string, StagedRule>>;
  /** Columns of the dataset that are taken out of it. */
  readonly removed: readonly string[];
  /** The dataset's key while the stream's is another one that nobody has accepted; names as in the stream then. */
  readonly key: readonly string[] | null;
  /** The key changed once: rows from before tell it in the row instead of in the envelope's key. */
  readonly keyFromRow: boolean;
}

export const PLAIN_SHAPE: StagedShape = { kept: [], columns: {}, removed: [], key: null, keyFromRow: false };

export interface StreamSchema {
  /** Without the source: `public.orders`, `Contact`, `charge`, `events`. */
  readonly stream: string;
  /** Starts at 1, grows by one whenever the columns or the key change. */
  readonly version: number;
  readonly columns: readonly StreamColumn[];
  /** Key columns in order; empty when the stream has none. */
  readonly key: readonly string[];
  readonly description: string;
  /** Where its dataset differs from the stream's own columns; absent when it does not. */
  readonly staged?: StagedShape;
  /** Grows with every decision about drift: the dataset's shape may change without the stream's. */
  readonly decisions?: number;
  /** Loading waits for a decision: going on would lose values or keys that others rely on. Raw goes on. */
  readonly waits?: boolean;
}

/** A schema as the source's own catalog has it. */
export type ReadSchema = Omit<StreamSchema, "version" | "staged" | "decisions" | "waits">;

/** Whether tables that appear in a source later are captured: at once, when a person says so, or not. */
export const NEW_TABLE_RULES = ["include", "ask", "ignore"] as const;
export type NewTableRule = (typeof NEW_TABLE_RULES)[number];

/** `staged.<source>__<stream>`: schema `public` is left out, every other character outside [a-z0-9_] becomes `_`. */
export function stagedDatasetName(source: SourceId, stream: string): string {
  const parts = stream.split(".").filter((part, index, all) => !(all.length > 1 && index === 0 && part === "public"));
  const table = parts.map((part) => part.toLowerCase().replaceAll(/[^a-z0-9_]/g, "_")).join("__");
  return `staged.${source}__${table}`;
}

export function rawDatasetName(source: SourceId): string {
  return `raw.${source}`;
}

/** Columns every staged dataset has after its own, in order. */
export const STAGED_SYSTEM_COLUMNS = [
  { name: "_op", type: "string", description: "Last change of the row: c, u, d, r." },
  { name: "_source_ts", type: "timestamptz", description: "When that change happened in the source." },
  { name: "_position", type: "string", description: "Its place in the source's order." },
  { name: "_merged_at", type: "timestamptz", description: "When it was merged here." },
  {
    name: "_deleted_at",
    type: "timestamptz",
    description: "When the row was deleted in the source; null while it lives.",
  },
] as const;

export const quarantineReasonSchema = z.enum([
  "malformed",
  "bad-signature",
  "too-large",
  "unknown-stream",
  "type-mismatch",
  "schema-mismatch",
]);
export type QuarantineReason = z.infer<typeof quarantineReasonSchema>;
