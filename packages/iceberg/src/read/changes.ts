import type { DuckDBConnection } from "@duckdb/node-api";
import { manifestsOf, type Context, type TableState } from "../context.ts";
import { entriesWrittenBy, snapshotsBetween } from "../commit/validate.ts";
import { replaceOnlyByKey } from "../commit/replaced-keys.ts";
import { IcebergError } from "../errors.ts";
import { CONTENT, STATUS, type ManifestEntry } from "../manifest/data-file.ts";
import { currentSchema, type Snapshot, type TableMetadata } from "../metadata/table-metadata.ts";
import { quoteName } from "../schema/duckdb-type.ts";
import { fieldNamed, type NestedField, type Schema } from "../schema/schema.ts";
import { readShapes } from "./file-shape.ts";
import type { GroupRange } from "./number-ranges.ts";
import { liveEntries, withLiveFiles } from "./live-entries.ts";
import { matchDeletes } from "./match-deletes.ts";
import type { PlannedFile } from "./plan-files.ts";
import { requireSnapshot } from "./resolve-snapshot.ts";
import { emptySelect, liveRowsSql } from "./scan-sql.ts";
import { filesOf, heldFiles } from "./local-files.ts";
import { deletedRanges, type DeletedReach, reachOf, type ThinnedFile, thinnedRowsSql } from "./thinned-rows.ts";

/** Name of the column that says what happened to a row. */
export const CHANGE_TYPE = "_change_type";

export interface ChangesOptions {
  /** Snapshot the reader has seen; null = nothing yet, so everything is an insert. */
  readonly from: bigint | string | null;
  /** Snapshot to read up to; the current one when left out. */
  readonly to?: bigint | string | undefined;
}

/**
 * What happened between two snapshots, as a multiset: rows(to) = rows(from) + inserts − deletes. A row that came and
 * went in between does not appear; compaction contributes nothing.
 */
export interface Changes {
  readonly from: bigint | null;
  readonly to: bigint | null;
  readonly isEmpty: boolean;
  /** Upper bound of the rows that `toSql` returns, from manifests alone. */
  readonly estimatedRows: number;
  readonly addedFiles: readonly { readonly path: string; readonly recordCount: number; readonly sizeBytes: number }[];
  /** A parenthesised SELECT of the distinct values of key columns (the table's key) in changed rows. */
  keysToSql(columns?: readonly string[]): Promise<string>;
  /**
   * A parenthesised SELECT of all columns and `_change_type` ('insert' | 'delete'). With a connection it first looks where
   * deleted rows stood, so that only the row groups around them are read, however large the table is. `deletedColumns`
   * are the only ones that matter of rows deleted from older files: the others are not read there, and null.
   */
  toSql(connection?: DuckDBConnection, options?: { readonly deletedColumns?: readonly string[] }): Promise<string>;
  /** The same without the deleted rows, which are not looked for then. */
  insertsToSql(): Promise<string>;
  /**
   * Whether the summaries of the snapshots in between say that each deleted row gave place to one with the same values of
   * these columns: then the inserts alone tell all of them. Merges of this package do, unless they take keys away.
   */
  replacedBy(columns: readonly string[]): boolean;
  /**
   * Rows deleted from older files, and how many rows of those files `toSql` looks through for them. Null where files were
   * rewritten in between: a row may be told as inserted and as deleted then, and only all of its columns show that.
   */
  deletedReach(connection: DuckDBConnection): Promise<DeletedReach | null>;
  /** Says that SQL handed out is not run any more; see `Scan.release`. */
  readonly release: () => void;
}

interface Delta {
  /** Data files whose rows are new, with the deletes that hit them since. */
  readonly inserted: PlannedFile[];
  /** Data files that were dropped, with the deletes that hid rows of them before. */
  readonly dropped: PlannedFile[];
  /** Older data files that lost rows to position deletes: the new deletes, and those from before. */
  readonly thinned: readonly ThinnedFile[];
  /** Whether a compaction moved rows in between. */
  readonly moved: boolean;
}

/** Reads only manifests that the snapshots in between wrote, plus the old ones when rows were deleted. */
export async function tableChanges(context: Context, state: TableState, options: ChangesOptions): Promise<Changes> {
  const { metadata } = state;
  const from = options.from === null ? null : BigInt(options.from);
  const toId = options.to === undefined ? metadata["current-snapshot-id"] : BigInt(options.to);
  const to = toId === null ? undefined : requireSnapshot(metadata, toId);
  const schema = currentSchema(metadata);
  const delta = await deltaBetween(context, metadata, from, to);
  const addedFiles = delta.inserted.map(({ entry: { file } }) => ({
    path: file.path,
    recordCount: file.recordCount,
    sizeBytes: file.sizeBytes,
  }));
  const rows = (files: readonly { entry: ManifestEntry }[]): number =>
    files.reduce((sum, { entry }) => sum + entry.file.recordCount, 0);
  const thinned = new Map(
    delta.thinned.flatMap((file) => file.now.map((entry) => [entry.file.path, entry.file.recordCount] as const)),
  );
  const held = heldFiles(context);
  let ranges: Promise<readonly GroupRange[]> | undefined;
  const rangesOf = (connection: DuckDBConnection): Promise<readonly GroupRange[]> =>
    (ranges ??= deletedRanges(context, connection, delta.thinned));
  const hold = async (): Promise<void> => {
    const files = [...delta.inserted, ...delta.dropped, ...delta.thinned];
    await readShapes(
      context,
      metadata,
      files.map((file) => file.entry),
    );
    await held.hold([
      ...filesOf([...delta.inserted, ...delta.dropped]),
      ...delta.thinned.flatMap((file) => filesOf([{ entry: file.entry, deletes: [...file.now, ...file.before] }])),
    ]);
  };
  const toSql: Changes["toSql"] = async (connection, { deletedColumns } = {}) => {
    await hold();
    const around = connection === undefined ? [] : await rangesOf(connection);
    const read = deletedColumns && schema.fields.filter((field) => deletedColumns.includes(field.name));
    return `(${changesSql(context, schema, delta, around, read)})`;
  };
  const newer = from === null ? [] : (snapshotsBetween(metadata, from, to) ?? []);
  return {
    from,
    to: toId,
    isEmpty: delta.inserted.length + delta.dropped.length + delta.thinned.length === 0,
    estimatedRows:
      rows(delta.inserted) + rows(delta.dropped) + [...thinned.values()].reduce((sum, count) => sum + count, 0),
    addedFiles,
    toSql,
    insertsToSql: async () => {
      await hold();
      return `(${changesSql(context, schema, { ...NO_CHANGE, inserted: delta.inserted }, [])})`;
    },
    replacedBy: (columns) => {
      const ids = columns.map((name) => fieldNamed(schema, name)?.id);
      return ids.every((id) => id !== undefined) && replaceOnlyByKey(newer, ids);
    },
    deletedReach: async (connection) => {
      if (delta.moved || delta.dropped.length > 0) return null;
      await hold();
      return reachOf(delta.thinned, await rangesOf(connection));
    },
    release: held.release,
    keysToSql: async (columns) => {
      const ids = new Set(schema["identifier-field-ids"] ?? []);
      const names = columns ?? schema.fields.flatMap((field) => (ids.has(field.id) ? [field.name] : []));
      const unknown = names.find((name) => !fieldNamed(schema, name));
      if (names.length === 0 || unknown !== undefined)
        throw new IcebergError(
          "invalid-input",
          unknown === undefined
            ? "the table has no key; name the columns that identify a row"
            : `the table has no column ${unknown}`,
        );
      return `(SELECT DISTINCT ${names.map(quoteName).join(", ")} FROM ${await toSql()})`;
    },
  };
}

function changesSql(
  context: Context,
  schema: Schema,
  delta: Delta,
  ranges: readonly GroupRange[],
  deletedFields: readonly NestedField[] = schema.fields,
): string {
  const change = (type: "insert" | "delete"): string => `, '${type}' AS ${CHANGE_TYPE}`;
  const parts: string[] = [];
  if (delta.inserted.length > 0)
    parts.push(liveRowsSql(context, schema, delta.inserted, schema.fields, change("insert")));
  if (delta.dropped.length > 0)
    parts.push(liveRowsSql(context, schema, delta.dropped, schema.fields, change("delete")));
  parts.push(...thinnedRowsSql(context, schema.fields, delta.thinned, ranges, change("delete"), deletedFields));
  return parts.length > 0 ? parts.join(" UNION ALL ") : emptySelect(schema.fields, change("insert"));
}

const NO_CHANGE: Delta = { inserted: [], dropped: [], thinned: [], moved: false };

async function deltaBetween(
  context: Context,
  metadata: TableMetadata,
  from: bigint | null,
  to: Snapshot | undefined,
): Promise<Delta> {
  if (from !== null && from === to?.["snapshot-id"]) return NO_CHANGE;
  if (from === null) return wholeTable(context, metadata, to);
  const base = requireSnapshot(metadata, from);
  const newer = snapshotsBetween(metadata, from, to);
  if (newer === null)
    throw new IcebergError(
      "snapshot-not-found",
      `snapshot ${from} is no ancestor of ${to?.["snapshot-id"] ?? "the empty table"}: the history was rolled back or has expired; read the whole table instead`,
      { from: String(from) },
    );
  const added = new Map<string, ManifestEntry>();
  const dropped = new Map<string, ManifestEntry>();
  const deletes: ManifestEntry[] = [];
  for (const snapshot of newer) {
    if (snapshot.summary.operation === "replace") continue; // rows are the same, only in other files
    for (const entry of await entriesWrittenBy(context, metadata, snapshot)) {
      if (entry.file.content === CONTENT.equalityDeletes && entry.status === STATUS.added)
        throw new IcebergError(
          "unsupported-feature",
          `snapshot ${snapshot["snapshot-id"]} has equality deletes; read the whole table instead of its changes`,
        );
      if (entry.file.content === CONTENT.data) {
        if (entry.status === STATUS.added) added.set(entry.file.path, entry);
        else if (!added.delete(entry.file.path)) dropped.set(entry.file.path, entry);
      } else if (entry.status === STATUS.added) deletes.push(entry);
    }
  }
  const hits = matchDeletes([...added.values()], deletes);
  const inserted = [...added.values()].map((entry) => ({ entry, deletes: hits.get(entry) ?? [] }));
  if (deletes.length === 0 && dropped.size === 0) return { ...NO_CHANGE, inserted };
  // Only now the older files matter: the ones our deletes point into, and the deletes that hid rows before.
  const older = await olderFiles(context, metadata, base, newer);
  const beforeAll = older.deletes;
  const fresh = new Set(deletes.map((entry) => entry.file.path));
  const candidates = older.data.filter((entry) => !added.has(entry.file.path) && !dropped.has(entry.file.path));
  const now = matchDeletes(candidates, deletes);
  const before = matchDeletes(
    [...now.keys(), ...dropped.values()],
    beforeAll.filter((entry) => !fresh.has(entry.file.path)),
  );
  return {
    inserted,
    dropped: [...dropped.values()].map((entry) => ({ entry, deletes: before.get(entry) ?? [] })),
    thinned: [...now].map(([entry, list]) => ({ entry, now: list, before: before.get(entry) ?? [] })),
    moved: newer.some((snapshot) => snapshot.summary.operation === "replace"),
  };
}

async function wholeTable(context: Context, metadata: TableMetadata, to: Snapshot | undefined): Promise<Delta> {
  const { data, deletes } = await filesAt(context, metadata, to);
  const matches = matchDeletes(data, deletes);
  return { ...NO_CHANGE, inserted: data.map((entry) => ({ entry, deletes: matches.get(entry) ?? [] })) };
}

/**
 * Files of the base snapshot, and data files that compactions in between made of older rows. Delete files that a
 * compaction rewrote are left out: they repeat deletes of the interval itself.
 */
async function olderFiles(
  context: Context,
  metadata: TableMetadata,
  base: Snapshot,
  newer: readonly Snapshot[],
): Promise<{ data: ManifestEntry[]; deletes: ManifestEntry[] }> {
  const files = await filesAt(context, metadata, base);
  for (const snapshot of newer) {
    if (snapshot.summary.operation !== "replace") continue;
    for (const entry of await entriesWrittenBy(context, metadata, snapshot))
      if (entry.status === STATUS.added && entry.file.content === CONTENT.data) files.data.push(entry);
  }
  return files;
}

async function filesAt(
  context: Context,
  metadata: TableMetadata,
  snapshot: Snapshot | undefined,
): Promise<{ data: ManifestEntry[]; deletes: ManifestEntry[] }> {
  const [data, deletes]: [ManifestEntry[], ManifestEntry[]] = [[], []];
  const lines = withLiveFiles(await manifestsOf(context, snapshot));
  for await (const entries of liveEntries(context, metadata, lines))
    for (const entry of entries) (entry.file.content === CONTENT.data ? data : deletes).push(entry);
  return { data, deletes };
}
