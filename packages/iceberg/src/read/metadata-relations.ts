import { entriesOf, manifestsOf, type Context, type TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { STATUS, type ManifestEntry } from "../manifest/data-file.ts";
import { currentSnapshot } from "../metadata/table-metadata.ts";
import { ancestorsOf } from "../refs/branch-view.ts";
import { listRefs } from "../refs/change-refs.ts";
import { quoteName, quoteText } from "../schema/duckdb-type.ts";
import { CONTENT_NAME, partitionRows, partitionText } from "./partition-rows.ts";

/** Metadata tables that `relation` knows, named as in other engines. */
export type MetadataTableName = "snapshots" | "history" | "refs" | "files" | "entries" | "manifests" | "partitions";

export interface RelationOptions {
  /** Most rows the relation may have; default 100,000. Beyond, `invalid-input` says so instead of filling the memory. */
  readonly maxRows?: number | undefined;
}

type Column = readonly [name: string, duckdbType: string];
type Row = Readonly<Record<string, unknown>>;

const FILE: readonly Column[] = [
  ["content", "VARCHAR"],
  ["file_path", "VARCHAR"],
  ["partition", "VARCHAR"],
  ["spec_id", "INTEGER"],
  ["record_count", "BIGINT"],
  ["file_size_in_bytes", "BIGINT"],
  ["sequence_number", "BIGINT"],
  ["snapshot_id", "BIGINT"],
  ["equality_ids", "INTEGER[]"],
  ["sort_order_id", "INTEGER"],
];
const COLUMNS: Record<MetadataTableName, readonly Column[]> = {
  snapshots: [
    ["snapshot_id", "BIGINT"],
    ["parent_id", "BIGINT"],
    ["sequence_number", "BIGINT"],
    ["committed_at", "TIMESTAMPTZ"],
    ["operation", "VARCHAR"],
    ["manifest_list", "VARCHAR"],
    ["schema_id", "INTEGER"],
    ["summary", "MAP(VARCHAR, VARCHAR)"],
  ],
  history: [
    ["made_current_at", "TIMESTAMPTZ"],
    ["snapshot_id", "BIGINT"],
    ["parent_id", "BIGINT"],
    ["is_current_ancestor", "BOOLEAN"],
  ],
  refs: [
    ["name", "VARCHAR"],
    ["type", "VARCHAR"],
    ["snapshot_id", "BIGINT"],
    ["max_reference_age_in_ms", "BIGINT"],
    ["min_snapshots_to_keep", "INTEGER"],
    ["max_snapshot_age_in_ms", "BIGINT"],
  ],
  files: FILE,
  entries: [["status", "VARCHAR"], ...FILE],
  manifests: [
    ["content", "VARCHAR"],
    ["path", "VARCHAR"],
    ["length", "BIGINT"],
    ["partition_spec_id", "INTEGER"],
    ["added_snapshot_id", "BIGINT"],
    ["sequence_number", "BIGINT"],
    ["added_files_count", "INTEGER"],
    ["existing_files_count", "INTEGER"],
    ["deleted_files_count", "INTEGER"],
    ["added_rows_count", "BIGINT"],
    ["existing_rows_count", "BIGINT"],
    ["deleted_rows_count", "BIGINT"],
  ],
  partitions: [
    ["partition", "VARCHAR"],
    ["spec_id", "INTEGER"],
    ["record_count", "BIGINT"],
    ["file_count", "INTEGER"],
    ["total_data_file_size_in_bytes", "BIGINT"],
    ["position_delete_record_count", "BIGINT"],
    ["position_delete_file_count", "INTEGER"],
    ["equality_delete_record_count", "BIGINT"],
    ["equality_delete_file_count", "INTEGER"],
    ["last_updated_at", "TIMESTAMPTZ"],
    ["last_updated_snapshot_id", "BIGINT"],
  ],
};

/**
 * A metadata table as a parenthesised SELECT that any DuckDB connection can embed in FROM. The rows stand in the text, so
 * it stays true when the table goes on; manifests are read one at a time and no more than `maxRows` rows are collected.
 */
export async function metadataRelation(
  context: Context,
  state: TableState,
  name: MetadataTableName,
  options: RelationOptions = {},
): Promise<string> {
  const columns = COLUMNS[name];
  if (columns === undefined)
    throw new IcebergError(
      "invalid-input",
      `there is no metadata table ${JSON.stringify(name)}; there are ${Object.keys(COLUMNS).join(", ")}`,
    );
  const maxRows = options.maxRows ?? 100_000;
  const rows: Row[] = [];
  for await (const row of rowsOf(context, state, name)) {
    if (rows.length >= maxRows)
      throw new IcebergError(
        "invalid-input",
        `metadata table ${name} has more than ${maxRows} rows; raise maxRows, or use partitions, which sums them up`,
        { name, maxRows },
      );
    rows.push(row);
  }
  const types = JSON.stringify([Object.fromEntries(columns)]);
  const list = columns.map(([column]) => `r.${quoteName(column)}`).join(", ");
  return `(SELECT ${list} FROM (SELECT unnest(from_json(${quoteText(JSON.stringify(rows, withLongs))}, ${quoteText(types)})) AS r))`;
}

const withLongs = (_key: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);
const timeText = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

async function* rowsOf(context: Context, state: TableState, name: MetadataTableName): AsyncGenerator<Row> {
  const { metadata } = state;
  switch (name) {
    case "snapshots":
      for (const snapshot of metadata.snapshots)
        yield {
          snapshot_id: snapshot["snapshot-id"],
          parent_id: snapshot["parent-snapshot-id"],
          sequence_number: snapshot["sequence-number"],
          committed_at: timeText(snapshot["timestamp-ms"]),
          operation: snapshot.summary.operation,
          manifest_list: snapshot["manifest-list"],
          schema_id: snapshot["schema-id"],
          summary: snapshot.summary,
        };
      return;
    case "history": {
      const parents = new Map(metadata.snapshots.map((one) => [one["snapshot-id"], one["parent-snapshot-id"]]));
      const current = new Set(
        [...ancestorsOf(metadata, metadata["current-snapshot-id"])].map((one) => one["snapshot-id"]),
      );
      for (const line of metadata["snapshot-log"])
        yield {
          made_current_at: timeText(line["timestamp-ms"]),
          snapshot_id: line["snapshot-id"],
          parent_id: parents.get(line["snapshot-id"]),
          is_current_ancestor: current.has(line["snapshot-id"]),
        };
      return;
    }
    case "refs":
      for (const ref of listRefs(metadata))
        yield {
          name: ref.name,
          type: ref.type,
          snapshot_id: ref.snapshotId,
          max_reference_age_in_ms: ref.maxRefAgeMs,
          min_snapshots_to_keep: ref.minSnapshotsToKeep,
          max_snapshot_age_in_ms: ref.maxSnapshotAgeMs,
        };
      return;
    case "manifests":
      for (const line of await manifestsOf(context, currentSnapshot(metadata)))
        yield {
          content: line.content === 0 ? "data" : "deletes",
          path: line.path,
          length: line.length,
          partition_spec_id: line.specId,
          added_snapshot_id: line.addedSnapshotId,
          sequence_number: line.sequenceNumber,
          added_files_count: line.addedFiles,
          existing_files_count: line.existingFiles,
          deleted_files_count: line.deletedFiles,
          added_rows_count: line.addedRows,
          existing_rows_count: line.existingRows,
          deleted_rows_count: line.deletedRows,
        };
      return;
    case "files":
    case "entries":
      for (const line of await manifestsOf(context, currentSnapshot(metadata)))
        for (const entry of await entriesOf(context, metadata, line))
          if (name === "entries") yield { status: STATUS_NAME[entry.status], ...fileRow(state, entry) };
          else if (entry.status !== STATUS.deleted) yield fileRow(state, entry);
      return;
    case "partitions":
      for (const row of await partitionRows(context, state))
        yield {
          partition: row.partition,
          spec_id: row.specId,
          record_count: row.recordCount,
          file_count: row.dataFiles,
          total_data_file_size_in_bytes: row.sizeBytes,
          position_delete_record_count: row.positionDeletes,
          position_delete_file_count: row.deleteFiles - row.equalityDeleteFiles,
          equality_delete_record_count: row.equalityDeletes,
          equality_delete_file_count: row.equalityDeleteFiles,
          last_updated_at: timeText(row.lastUpdatedAt),
          last_updated_snapshot_id: row.lastSnapshotId,
        };
      return;
  }
}

const STATUS_NAME = { 0: "existing", 1: "added", 2: "deleted" } as const;

function fileRow({ metadata }: TableState, entry: ManifestEntry): Row {
  const { file } = entry;
  return {
    content: CONTENT_NAME[file.content],
    file_path: file.path,
    partition: partitionText(metadata, file),
    spec_id: file.specId,
    record_count: file.recordCount,
    file_size_in_bytes: file.sizeBytes,
    sequence_number: entry.sequenceNumber,
    snapshot_id: entry.snapshotId,
    equality_ids: file.equalityIds,
    sort_order_id: file.sortOrderId,
  };
}
