import type { Schema } from "../schema/schema.ts";
import type { PartitionSpec } from "./partition-spec.ts";

/** What a snapshot did (spec "Snapshots"). */
export type Operation = "append" | "replace" | "overwrite" | "delete";

/** A snapshot as metadata JSON has it; ids are 64-bit and therefore bigints. */
export interface Snapshot {
  readonly "snapshot-id": bigint;
  readonly "parent-snapshot-id"?: bigint | undefined;
  readonly "sequence-number": number;
  readonly "timestamp-ms": number;
  readonly "manifest-list": string;
  readonly summary: { readonly operation: Operation } & Readonly<Record<string, string>>;
  readonly "schema-id"?: number | undefined;
}

/** A branch or tag (spec "Snapshot References"). */
export interface SnapshotRef {
  readonly "snapshot-id": bigint;
  readonly type: "branch" | "tag";
  readonly "min-snapshots-to-keep"?: number | undefined;
  readonly "max-snapshot-age-ms"?: number | undefined;
  readonly "max-ref-age-ms"?: number | undefined;
}

export interface SortOrder {
  readonly "order-id": number;
  readonly fields: readonly {
    readonly transform: string;
    readonly "source-id": number;
    readonly direction: "asc" | "desc";
    readonly "null-order": "nulls-first" | "nulls-last";
  }[];
}

/** Table metadata v2 in the shape of its JSON (spec "Table Metadata Fields"). Never mutated: a change is a new value. */
export interface TableMetadata {
  readonly "format-version": 2;
  readonly "table-uuid": string;
  readonly location: string;
  readonly "last-sequence-number": number;
  readonly "last-updated-ms": number;
  readonly "last-column-id": number;
  readonly schemas: readonly Schema[];
  readonly "current-schema-id": number;
  readonly "partition-specs": readonly PartitionSpec[];
  readonly "default-spec-id": number;
  readonly "last-partition-id": number;
  readonly properties: Readonly<Record<string, string>>;
  readonly "current-snapshot-id": bigint | null;
  readonly snapshots: readonly Snapshot[];
  readonly "snapshot-log": readonly { readonly "snapshot-id": bigint; readonly "timestamp-ms": number }[];
  readonly "metadata-log": readonly { readonly "metadata-file": string; readonly "timestamp-ms": number }[];
  readonly "sort-orders": readonly SortOrder[];
  readonly "default-sort-order-id": number;
  readonly refs: Readonly<Record<string, SnapshotRef>>;
  /** What other writers added and we carry along untouched (statistics …). */
  readonly extra: Readonly<Record<string, unknown>>;
}

export function currentSchema(metadata: TableMetadata): Schema {
  return schemaById(metadata, metadata["current-schema-id"]);
}

export function schemaById(metadata: TableMetadata, id: number): Schema {
  const found = metadata.schemas.find((schema) => schema["schema-id"] === id);
  // The parser has checked that the ids of the current schema and of every snapshot exist.
  return found ?? (metadata.schemas.at(-1) as Schema);
}

/** Snapshot by id, or undefined. */
export function snapshotById(metadata: TableMetadata, id: bigint): Snapshot | undefined {
  // Recent snapshots are asked for most: search from the end.
  return metadata.snapshots.findLast((snapshot) => snapshot["snapshot-id"] === id);
}

export function currentSnapshot(metadata: TableMetadata): Snapshot | undefined {
  const id = metadata["current-snapshot-id"];
  return id === null ? undefined : snapshotById(metadata, id);
}
