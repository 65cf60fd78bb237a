import type { DuckDBConnection } from "@duckdb/node-api";
import type { Context, TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { CONTENT, type ManifestEntry } from "../manifest/data-file.ts";
import { currentSchema, schemaById, type Snapshot, type TableMetadata } from "../metadata/table-metadata.ts";
import { columnsOf, type NestedField, type Schema, type SchemaColumn } from "../schema/schema.ts";
import { filesOf, heldFiles } from "./local-files.ts";
import { type PlannedFile, planFiles } from "./plan-files.ts";
import { requireSnapshot } from "./resolve-snapshot.ts";
import { deletedPlacesSql, emptySelect, liveRowsSql } from "./scan-sql.ts";
import { deletedRanges, type ThinnedFile, thinnedRowsSql } from "./thinned-rows.ts";

/** One of two snapshots that are compared. */
export interface DifferenceSide {
  /** Null: before the first snapshot, an empty table. */
  readonly snapshotId: bigint | null;
  /** As of that snapshot, with field ids. */
  readonly columns: readonly SchemaColumn[];
  /** Upper bound of the rows that `toSql` returns, from manifests alone. */
  readonly estimatedRows: number;
  /**
   * A parenthesised SELECT of the columns with these field ids, in this order, of the rows that are not known to be in the
   * other snapshot too. With a connection it first looks where deleted rows stood, so that only the row groups around them are read.
   */
  toSql(fieldIds: readonly number[], connection?: DuckDBConnection): Promise<string>;
}

/**
 * Two snapshots of a table as multisets of rows: each is what its side returns plus the rows they share. A row can be on both
 * sides too: a compaction writes rows into other files.
 */
export interface Difference {
  readonly before: DifferenceSide;
  readonly after: DifferenceSide;
  /** Rows of files that both snapshots have, less what either deleted of them. */
  sharedRows(connection: DuckDBConnection): Promise<number>;
  /** Says that SQL handed out is not run any more; see `Scan.release`. */
  readonly release: () => void;
}

export interface DifferenceOptions {
  /** Null: the empty table before the first snapshot. */
  readonly before: bigint | string | null;
  readonly after: bigint | string | null;
}

interface SideFiles {
  readonly schema: Schema;
  /** Files that only this snapshot has, or whose deletes are by value. */
  readonly own: PlannedFile[];
  /** Files of both of which the other snapshot deleted rows that this one has. */
  readonly thinned: ThinnedFile[];
}

/**
 * Compares by data files: those that both snapshots have are not read, but for the rows that only one of them deleted. Any two
 * snapshots can be compared, whatever became of those in between. `snapshot-not-found` when one of them has expired.
 */
export async function tableDifference(
  context: Context,
  { metadata }: TableState,
  options: DifferenceOptions,
): Promise<Difference> {
  const [before, after] = [options.before, options.after].map((id) =>
    id === null ? undefined : requireSnapshot(metadata, BigInt(id)),
  );
  const schemas = { before: schemaAt(metadata, before), after: schemaAt(metadata, after) };
  const filesBefore = await planFiles(context, metadata, schemas.before, before);
  const filesAfter = await planFiles(context, metadata, schemas.after, after);
  const there = new Map(filesAfter.map((file) => [file.entry.file.path, file]));
  const both = filesBefore.flatMap((file): Pair[] => {
    const other = there.get(file.entry.file.path);
    return other !== undefined && onlyPositions(file) && onlyPositions(other) ? [{ before: file, after: other }] : [];
  });
  const shared = new Set(both.map((pair) => pair.before.entry.file.path));
  const own = (files: readonly PlannedFile[]): PlannedFile[] =>
    files.filter((file) => !shared.has(file.entry.file.path));
  const held = heldFiles(context);
  const hold = async (): Promise<void> => {
    await held.hold(filesOf([...filesBefore, ...filesAfter]));
  };
  const side = (snapshot: Snapshot | undefined, files: SideFiles): DifferenceSide => ({
    snapshotId: snapshot?.["snapshot-id"] ?? null,
    columns: columnsOf(files.schema),
    estimatedRows: estimate(files),
    async toSql(fieldIds, connection) {
      await hold();
      return sideSql(context, files, fieldIds, connection);
    },
  });
  return {
    before: side(before, {
      schema: schemas.before,
      own: own(filesBefore),
      thinned: both.flatMap((pair) => thinnedBy(pair.before, pair.after)),
    }),
    after: side(after, {
      schema: schemas.after,
      own: own(filesAfter),
      thinned: both.flatMap((pair) => thinnedBy(pair.after, pair.before)),
    }),
    async sharedRows(connection) {
      await hold();
      return countShared(context, both, connection);
    },
    release: held.release,
  };
}

interface Pair {
  readonly before: PlannedFile;
  readonly after: PlannedFile;
}

function schemaAt(metadata: TableMetadata, snapshot: Snapshot | undefined): Schema {
  const id = snapshot?.["schema-id"];
  return id === undefined ? currentSchema(metadata) : schemaById(metadata, id);
}

function onlyPositions({ deletes }: PlannedFile): boolean {
  return deletes.every((entry) => entry.file.content === CONTENT.positionDeletes);
}

/** The file as `of` has it, when `by` has deletes that `of` has not. */
function thinnedBy(of: PlannedFile, by: PlannedFile): ThinnedFile[] {
  const known = new Set(of.deletes.map((entry) => entry.file.path));
  const now = by.deletes.filter((entry) => !known.has(entry.file.path));
  return now.length === 0 ? [] : [{ entry: of.entry, now, before: of.deletes }];
}

function estimate({ own, thinned }: SideFiles): number {
  const deletes = new Map(thinned.flatMap((file) => file.now.map((entry) => [entry.file.path, entry.file] as const)));
  const sum = (files: Iterable<{ readonly recordCount: number }>): number =>
    [...files].reduce((total, file) => total + file.recordCount, 0);
  return sum(own.map((file) => file.entry.file)) + sum(deletes.values());
}

async function sideSql(
  context: Context,
  { schema, own, thinned }: SideFiles,
  fieldIds: readonly number[],
  connection: DuckDBConnection | undefined,
): Promise<string> {
  const fields = fieldIds.map((id): NestedField => {
    const field = schema.fields.find((candidate) => candidate.id === id);
    if (field === undefined) throw new IcebergError("invalid-input", `the snapshot has no column with field id ${id}`);
    return field;
  });
  const ranges = connection === undefined ? [] : await deletedRanges(context, connection, thinned);
  const parts = [
    ...(own.length === 0 ? [] : [liveRowsSql(context, schema, own, fields)]),
    ...thinnedRowsSql(context, fields, thinned, ranges),
  ];
  return `(${parts.length === 0 ? emptySelect(fields) : parts.join(" UNION ALL ")})`;
}

async function countShared(context: Context, both: readonly Pair[], connection: DuckDBConnection): Promise<number> {
  const rows = both.reduce((sum, pair) => sum + pair.before.entry.file.recordCount, 0);
  const hit = both.filter((pair) => pair.before.deletes.length + pair.after.deletes.length > 0);
  if (hit.length === 0) return rows;
  const deletes: ManifestEntry[] = hit.flatMap((pair) => [...pair.before.deletes, ...pair.after.deletes]);
  const entries = hit.map((pair) => pair.before.entry);
  const reader = await connection.runAndReadAll(
    `SELECT count(*) FROM (SELECT DISTINCT i, pos FROM (${deletedPlacesSql(context, entries, deletes)}))`,
  );
  return rows - Number(reader.getRows()[0]?.[0]);
}
