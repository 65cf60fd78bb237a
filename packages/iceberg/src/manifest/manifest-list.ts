import { IcebergError } from "../errors.ts";
import { avroType, readContainer, writeContainer } from "./avro-container.ts";
import { byFieldId, MANIFEST_FILE_SCHEMA } from "./avro-schema.ts";
import { UNASSIGNED, type FieldSummary, type ManifestFile } from "./data-file.ts";

/** A manifest line with the sequence number of the snapshot that adds it (spec "Sequence Number Inheritance"). */
export function withSequenceNumber(line: ManifestFile, sequenceNumber: number): ManifestFile {
  if (line.sequenceNumber !== UNASSIGNED) return line;
  const hasOlder = line.minSequenceNumber !== UNASSIGNED;
  return {
    ...line,
    sequenceNumber,
    minSequenceNumber: hasOlder ? Math.min(line.minSequenceNumber, sequenceNumber) : sequenceNumber,
  };
}

/** Encodes a manifest list (spec "Manifest Lists"). Rebuilt on every attempt; the manifests themselves are reused. */
export function encodeManifestList(input: {
  snapshotId: bigint;
  parentSnapshotId: bigint | null;
  sequenceNumber: number;
  manifests: readonly ManifestFile[];
}): Buffer {
  const meta = {
    "snapshot-id": String(input.snapshotId),
    "parent-snapshot-id": input.parentSnapshotId === null ? "null" : String(input.parentSnapshotId),
    "sequence-number": String(input.sequenceNumber),
    "format-version": "2",
  };
  return writeContainer(avroType(MANIFEST_FILE_SCHEMA), MANIFEST_FILE_SCHEMA, meta, input.manifests.map(lineToAvro));
}

function lineToAvro(line: ManifestFile): unknown {
  return {
    manifest_path: line.path,
    manifest_length: line.length,
    partition_spec_id: line.specId,
    content: line.content,
    sequence_number: line.sequenceNumber,
    min_sequence_number: line.minSequenceNumber,
    added_snapshot_id: line.addedSnapshotId,
    added_files_count: line.addedFiles,
    existing_files_count: line.existingFiles,
    deleted_files_count: line.deletedFiles,
    added_rows_count: line.addedRows,
    existing_rows_count: line.existingRows,
    deleted_rows_count: line.deletedRows,
    partitions:
      line.partitions?.map((field) => ({
        contains_null: field.containsNull,
        contains_nan: field.containsNan ?? null,
        lower_bound: field.lower ?? null,
        upper_bound: field.upper ?? null,
      })) ?? null,
    key_metadata: null,
  };
}

/** Decodes a manifest list; `manifest-invalid` when a required field is missing. */
export function decodeManifestList(bytes: Buffer, location: string): ManifestFile[] {
  return readContainer(bytes, location, byFieldId).records.map((record) => {
    const number = (id: number): number => Number(record[`f${id}`] ?? 0);
    const path = record["f500"];
    if (typeof path !== "string" || record["f503"] === undefined || record["f503"] === null)
      throw new IcebergError(
        "manifest-invalid",
        `manifest list ${location} has an entry without path or snapshot id; roll back to an older snapshot`,
        { location },
      );
    return {
      path,
      length: number(501),
      specId: number(502),
      content: number(517) === 1 ? 1 : 0,
      sequenceNumber: number(515),
      minSequenceNumber: number(516),
      addedSnapshotId: BigInt(record["f503"] as bigint),
      addedFiles: number(504),
      existingFiles: number(505),
      deletedFiles: number(506),
      addedRows: number(512),
      existingRows: number(513),
      deletedRows: number(514),
      partitions: (record["f507"] as Record<string, unknown>[] | null | undefined)?.map(summaryFromAvro),
    };
  });
}

function summaryFromAvro(field: Record<string, unknown>): FieldSummary {
  return {
    containsNull: field["f509"] === true,
    containsNan: (field["f518"] ?? undefined) as boolean | undefined,
    lower: (field["f510"] ?? undefined) as Buffer | undefined,
    upper: (field["f511"] ?? undefined) as Buffer | undefined,
  };
}
