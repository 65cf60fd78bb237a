import { IcebergError } from "../errors.ts";
import type { BoundSpec } from "../metadata/partition-spec.ts";
import type { Schema } from "../schema/schema.ts";
import { compareValues, encodeValue, type Comparable } from "../values/bound.ts";
import { avroType, readContainer, writeContainer } from "./avro-container.ts";
import { avroName, byFieldId, manifestEntrySchema } from "./avro-schema.ts";
import {
  STATUS,
  CONTENT,
  UNASSIGNED,
  type Content,
  type DataFile,
  type FieldSummary,
  type Keyed,
  type ManifestEntry,
  type ManifestFile,
  type Status,
} from "./data-file.ts";
import { partitionFromAvro, partitionToAvro } from "./partition-value.ts";

/** A manifest ready to be stored, and the line it becomes in a manifest list (sequence numbers still open). */
export interface EncodedManifest {
  readonly bytes: Buffer;
  readonly line: Omit<ManifestFile, "path">;
}

/**
 * Encodes the entries of one manifest (spec "Manifests"): one spec, either data or deletes. Added entries leave their
 * sequence numbers null, to be inherited at commit; the snapshot id is always explicit because BigQuery insists on it.
 */
export function encodeManifest(input: {
  spec: BoundSpec;
  schema: Schema;
  content: 0 | 1;
  snapshotId: bigint;
  entries: readonly ManifestEntry[];
}): EncodedManifest {
  const { spec, entries } = input;
  const schema = manifestEntrySchema(spec);
  const meta = {
    schema: JSON.stringify(input.schema),
    "schema-id": String(input.schema["schema-id"]),
    "partition-spec": JSON.stringify(
      spec.fields.map((field) => ({
        name: field.name,
        transform: transformText(field.transform),
        "source-id": field.sourceId,
        "field-id": field.fieldId,
      })),
    ),
    "partition-spec-id": String(spec.specId),
    "format-version": "2",
    content: input.content === 0 ? "data" : "deletes",
  };
  const bytes = writeContainer(
    avroType(schema),
    schema,
    meta,
    entries.map((entry) => entryToAvro(entry, spec)),
  );
  const count = (status: Status): number => entries.filter((entry) => entry.status === status).length;
  const rows = (status: Status): number =>
    entries.reduce((sum, entry) => (entry.status === status ? sum + entry.file.recordCount : sum), 0);
  const live = entries.filter((entry) => entry.status !== STATUS.deleted && entry.sequenceNumber !== UNASSIGNED);
  return {
    bytes,
    line: {
      length: bytes.length,
      specId: spec.specId,
      content: input.content,
      sequenceNumber: UNASSIGNED,
      minSequenceNumber: live.length === 0 ? UNASSIGNED : Math.min(...live.map((entry) => entry.sequenceNumber)),
      addedSnapshotId: input.snapshotId,
      addedFiles: count(STATUS.added),
      existingFiles: count(STATUS.existing),
      deletedFiles: count(STATUS.deleted),
      addedRows: rows(STATUS.added),
      existingRows: rows(STATUS.existing),
      deletedRows: rows(STATUS.deleted),
      partitions: summarise(spec, entries),
    },
  };
}

function transformText(transform: BoundSpec["fields"][number]["transform"]): string {
  return "width" in transform ? `${transform.kind}[${transform.width}]` : transform.kind;
}

function entryToAvro(entry: ManifestEntry, spec: BoundSpec): unknown {
  const { file } = entry;
  const assigned = (number: number): number | null => (number === UNASSIGNED ? null : number);
  return {
    status: entry.status,
    snapshot_id: entry.snapshotId,
    sequence_number: assigned(entry.sequenceNumber),
    file_sequence_number: assigned(entry.fileSequenceNumber),
    data_file: {
      content: file.content,
      file_path: file.path,
      file_format: file.format,
      partition: Object.fromEntries(
        spec.fields.map((field, index) => [
          avroName(field.name),
          partitionToAvro(field.resultType, file.partition[index] ?? null),
        ]),
      ),
      record_count: file.recordCount,
      file_size_in_bytes: file.sizeBytes,
      column_sizes: file.columnSizes ?? null,
      value_counts: file.valueCounts ?? null,
      null_value_counts: file.nullCounts ?? null,
      nan_value_counts: file.nanCounts ?? null,
      lower_bounds: file.lower ?? null,
      upper_bounds: file.upper ?? null,
      key_metadata: null,
      split_offsets: file.splitOffsets ?? null,
      equality_ids: file.equalityIds ?? null,
      sort_order_id: file.sortOrderId ?? null,
      referenced_data_file: file.referencedDataFile ?? null,
    },
  };
}

function summarise(spec: BoundSpec, entries: readonly ManifestEntry[]): FieldSummary[] {
  return spec.fields.map((field, index) => {
    let [lower, upper]: [Comparable | null, Comparable | null] = [null, null];
    let containsNull = false;
    for (const { file } of entries) {
      const value = file.partition[index] ?? null;
      if (value === null) containsNull = true;
      else {
        if (lower === null || compareValues(value, lower) < 0) lower = value;
        if (upper === null || compareValues(value, upper) > 0) upper = value;
      }
    }
    return {
      containsNull,
      containsNan: false,
      ...(lower === null || upper === null
        ? {}
        : { lower: encodeValue(field.resultType, lower), upper: encodeValue(field.resultType, upper) }),
    };
  });
}

/**
 * Decodes a manifest and fills in inherited values from its line in the manifest list. `manifest-invalid` when it is
 * damaged or says something else than its line.
 */
export function decodeManifest(bytes: Buffer, line: ManifestFile, spec: BoundSpec): ManifestEntry[] {
  const { meta, records } = readContainer(bytes, line.path, byFieldId);
  const content = meta["content"] === "deletes" ? 1 : 0;
  if (content !== line.content)
    throw invalid(
      line,
      `its header says ${meta["content"]}, its manifest list says ${line.content === 0 ? "data" : "deletes"}`,
    );
  const entries = records.map((record) => entryFromAvro(record, line, spec));
  const live = entries.filter((entry) => entry.status !== STATUS.deleted).length;
  if (live !== line.addedFiles + line.existingFiles)
    throw invalid(line, `it has ${live} live files, its manifest list says ${line.addedFiles + line.existingFiles}`);
  return entries;
}

function invalid(line: ManifestFile, problem: string): IcebergError {
  return new IcebergError("manifest-invalid", `manifest ${line.path}: ${problem}; roll back to an older snapshot`, {
    location: line.path,
  });
}

function entryFromAvro(record: Record<string, unknown>, line: ManifestFile, spec: BoundSpec): ManifestEntry {
  const status = record["f0"] as Status;
  const data = record["f2"] as Record<string, unknown> | undefined;
  if (data === undefined || (status !== 0 && status !== 1 && status !== 2))
    throw invalid(line, "an entry has no status or no data file");
  // Only added entries inherit; an existing one without a number is damaged, except in tables upgraded from v1 (number 0).
  const inherited = status === STATUS.added ? line.sequenceNumber : 0;
  return {
    status,
    snapshotId:
      record["f1"] === null || record["f1"] === undefined ? line.addedSnapshotId : BigInt(record["f1"] as bigint),
    sequenceNumber: (record["f3"] as number | null | undefined) ?? inherited,
    fileSequenceNumber: (record["f4"] as number | null | undefined) ?? inherited,
    file: fileFromAvro(data, line, spec),
  };
}

function fileFromAvro(data: Record<string, unknown>, line: ManifestFile, spec: BoundSpec): DataFile {
  const partition = (data["f102"] ?? {}) as Record<string, unknown>;
  const path = data["f100"];
  if (typeof path !== "string" || typeof data["f103"] !== "number" || typeof data["f104"] !== "number")
    throw invalid(line, "a data file lacks its path, record count or size");
  const maybe = <T>(id: number): T | undefined => (data[`f${id}`] ?? undefined) as T | undefined;
  return {
    content: (data["f134"] ?? 0) as Content,
    path,
    format: String(data["f101"]).toUpperCase(),
    specId: line.specId,
    partition: spec.fields.map((field) => partitionFromAvro(field.resultType, partition[`f${field.fieldId}`])),
    recordCount: data["f103"],
    sizeBytes: data["f104"],
    columnSizes: maybe<Keyed<number>[]>(108),
    valueCounts: maybe<Keyed<number>[]>(109),
    nullCounts: maybe<Keyed<number>[]>(110),
    nanCounts: maybe<Keyed<number>[]>(137),
    lower: maybe<Keyed<Buffer>[]>(125),
    upper: maybe<Keyed<Buffer>[]>(128),
    splitOffsets: maybe<number[]>(132),
    equalityIds: maybe<number[]>(135),
    ...(data["f134"] === CONTENT.equalityDeletes && spec.fields.every((field) => field.transform.kind === "void")
      ? { reachesAll: true }
      : {}),
    sortOrderId: maybe<number>(140),
    referencedDataFile: maybe<string>(143),
  };
}
