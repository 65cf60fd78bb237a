export { IcebergError, isIcebergError, type IcebergErrorKind } from "./errors.ts";
export { openLakehouse, type Lakehouse, type LakehouseOptions } from "./lakehouse.ts";
export { Table } from "./table.ts";
export type {
  Catalog,
  CatalogTransaction,
  NewTable,
  PointerCatalog,
  PointerSwap,
  ServedTable,
  ServiceCatalog,
  TableIdentifier,
} from "./catalogs/catalog.ts";
export type { LocalLease, Storage, StoredFile } from "./storage/storage.ts";
export type { CreateTableOptions } from "./create-table.ts";
export type { CommitOptions } from "./commit/commit-change.ts";
export type { Within } from "./commit/decide.ts";
export type { RefOptions, RefRetention, RefRow } from "./refs/change-refs.ts";
export type { PublishOptions, PublishOutcome } from "./refs/publish-snapshot.ts";
export type { StagedChange, StagedSummary } from "./commit/staged-change.ts";
export type { PartitionBy } from "./metadata/partition-spec.ts";
export type { SpecStep } from "./metadata/evolve-spec.ts";
export type { SpecUpdate } from "./metadata/update-spec.ts";
export type { SortBy } from "./metadata/sort-order.ts";
export type { AddFilesInput } from "./write/stage-add-files.ts";
export type { Operation, Snapshot, SnapshotRef, TableMetadata } from "./metadata/table-metadata.ts";
export { duckdbType } from "./schema/duckdb-type.ts";
export type {
  ColumnType,
  ListType,
  MapType,
  NestedField,
  Schema,
  SchemaColumn,
  StructType,
  Type,
} from "./schema/schema.ts";
export { numberRanges, type NumberRange } from "./read/number-ranges.ts";
export { where, type Filter, type FilterValue } from "./read/filter.ts";
export type { Scan, ScanBatch, ScanFile, ScanOptions } from "./read/scan.ts";
export type { EngineRead, Failpoint, FileRead } from "./context.ts";
export { CHANGE_TYPE, type Changes, type ChangesOptions } from "./read/changes.ts";
export type { Difference, DifferenceOptions, DifferenceSide } from "./read/difference.ts";
export type { MergeInput } from "./write/stage-merge.ts";
export type { RowDeleteMode } from "./write/row-delete-mode.ts";
export type { DeleteInput, OverwriteInput } from "./write/stage-overwrite.ts";
export type { SchemaStep } from "./schema/schema-step.ts";
export type { SchemaUpdate } from "./schema/update-schema.ts";
export {
  planCompaction,
  type CompactionGroup,
  type CompactionOptions,
  type CompactionPlan,
  type SortColumn,
} from "./maintain/plan-compaction.ts";
export { executeCompaction, type CompactionResult } from "./maintain/execute-compaction.ts";
export {
  executeExpireSnapshots,
  planExpireSnapshots,
  type ExpireOptions,
  type ExpirePlan,
  type ExpireResult,
} from "./maintain/expire-snapshots.ts";
export { executeOldMetadata, planOldMetadata, type OldMetadataPlan } from "./maintain/old-metadata.ts";
export type { RetentionPolicy } from "./maintain/retention.ts";
export { executeOrphanFiles, planOrphanFiles, type OrphanOptions, type OrphanPlan } from "./maintain/orphan-files.ts";
export { executeRewriteDeletes, planRewriteDeletes, type RewriteDeletesPlan } from "./maintain/rewrite-deletes.ts";
export {
  executeRewriteManifests,
  planRewriteManifests,
  type RewriteManifestsPlan,
} from "./maintain/rewrite-manifests.ts";
export type { MetadataTableName, RelationOptions } from "./read/metadata-relations.ts";
export type { FileRow, ManifestRow, MetadataTables, SnapshotRow } from "./read/metadata-tables.ts";
export type { PartitionRow } from "./read/partition-rows.ts";
