import { specOf } from "../context.ts";
import { CONTENT, partitionKey } from "../manifest/data-file.ts";
import { currentSchema, currentSnapshot } from "../metadata/table-metadata.ts";
import { numberProperty, PROPERTY } from "../properties.ts";
import { IcebergError } from "../errors.ts";
import type { Filter } from "../read/filter.ts";
import { planFiles, type PlannedFile } from "../read/plan-files.ts";
import { fieldNamed, type Schema } from "../schema/schema.ts";
import { Table } from "../table.ts";

/** Share of the wanted size from which a file is left alone. */
const LARGE = 0.75;
/** Small files that are worth joining when together they make a whole one: their rows are written once and then left alone. */
const FULL_FROM = 4;

export interface CompactionOptions {
  /** Wanted size of a file; default `write.target-file-size-bytes` (512 MiB). */
  readonly targetFileBytes?: number;
  /** Rows from which a file is large enough whatever its size, for rows that compress very well; default: no limit. */
  readonly targetFileRows?: number;
  /** Fewest small files worth joining as long as they do not yet make a whole one; default 5. */
  readonly minInputFiles?: number;
  /** Share of deleted rows from which a file is rewritten even alone; default 0.3. */
  readonly deleteRatio?: number;
  /** Number of delete files on one data file from which it is rewritten even alone; default 10. */
  readonly maxDeleteFiles?: number;
  /** Orders the rows of the new files, so that their bounds become narrow. */
  readonly sortBy?: readonly (string | SortColumn)[];
  /** Only files that may hold rows of this condition: a partition, a range of days. */
  readonly where?: Filter;
}

/** A column to sort by; ascending and nulls last when not said otherwise. */
export interface SortColumn {
  readonly column: string;
  readonly direction?: "asc" | "desc";
  readonly nulls?: "first" | "last";
}

/** Files of one partition that are rewritten together. */
export interface CompactionGroup {
  readonly partition: string;
  readonly files: readonly {
    readonly path: string;
    readonly recordCount: number;
    readonly sizeBytes: number;
    readonly deleteFiles: number;
  }[];
  readonly inputBytes: number;
  readonly reason: "small-files" | "deletes";
}

/** Which files a compaction will rewrite and why. Plain data; the same plan is explained and executed. */
export interface CompactionPlan {
  readonly kind: "compaction";
  readonly tableUuid: string;
  readonly snapshotId: string | null;
  readonly targetFileBytes: number;
  readonly sortBy: readonly Required<SortColumn>[];
  readonly groups: readonly CompactionGroup[];
  readonly inputFiles: number;
  readonly inputBytes: number;
  explain(): string;
}

/** Small files are packed per partition to the target size; files with many deletes are rewritten even when alone. */
export async function planCompaction(table: Table, options: CompactionOptions = {}): Promise<CompactionPlan> {
  const { context, state } = Table.internals(table);
  const { metadata } = state;
  const targetFileBytes = options.targetFileBytes ?? numberProperty(metadata.properties, PROPERTY.targetFileBytes);
  const schema = currentSchema(metadata);
  const sortBy = sortColumns(schema, options.sortBy ?? []);
  const planned = await planFiles(context, metadata, schema, currentSnapshot(metadata), options.where);
  const target: Extent = { bytes: targetFileBytes, rows: options.targetFileRows ?? Infinity };
  const least = Math.max(2, options.minInputFiles ?? 5);
  const reach = reachOfDeletes(planned);
  const heavy = (file: PlannedFile): boolean => {
    const deleted = file.deletes.reduce(
      (sum, entry) => sum + entry.file.recordCount / (reach.get(entry.file.path) ?? 1),
      0,
    );
    return (
      file.deletes.length > 0 &&
      (deleted >= (options.deleteRatio ?? 0.3) * file.entry.file.recordCount ||
        file.deletes.length >= (options.maxDeleteFiles ?? 10) ||
        file.deletes.some((entry) => entry.file.content === CONTENT.equalityDeletes))
    );
  };
  const byPartition = new Map<string, PlannedFile[]>();
  for (const file of planned) {
    if (!heavy(file) && isLarge(file, target)) continue;
    const key = partitionKey(file.entry.file);
    const files = byPartition.get(key);
    if (files) files.push(file);
    else byPartition.set(key, [file]);
  }
  const groups: CompactionGroup[] = [];
  for (const [, files] of byPartition)
    for (const { files: bin, full } of pack(files, target)) {
      const hasHeavy = bin.some(heavy);
      if (!hasHeavy && bin.length < (full ? Math.min(FULL_FROM, least) : least)) continue;
      groups.push(asGroup(bin, partitionText(table, bin[0] as PlannedFile), hasHeavy ? "deletes" : "small-files"));
    }
  const inputFiles = groups.reduce((sum, group) => sum + group.files.length, 0);
  const inputBytes = groups.reduce((sum, group) => sum + group.inputBytes, 0);
  return {
    kind: "compaction",
    tableUuid: metadata["table-uuid"],
    snapshotId: metadata["current-snapshot-id"] === null ? null : String(metadata["current-snapshot-id"]),
    targetFileBytes,
    sortBy,
    groups,
    inputFiles,
    inputBytes,
    explain: () =>
      groups.length === 0
        ? `nothing to compact: no partition has enough small files, and no file has many deletes (target ${targetFileBytes} bytes)`
        : [
            `rewrite ${inputFiles} file(s), ${inputBytes} bytes, in ${groups.length} group(s)${sortBy.length === 0 ? "" : `, sorted by ${sortBy.map((one) => `${one.column} ${one.direction}`).join(", ")}`}`,
            ...groups.map(
              (group) =>
                `- ${group.partition}: ${group.files.length} file(s), ${group.inputBytes} bytes (${group.reason === "deletes" ? "many deletes" : "small files"})`,
            ),
          ].join("\n"),
  };
}

function sortColumns(schema: Schema, asked: readonly (string | SortColumn)[]): Required<SortColumn>[] {
  return asked.map((one) => {
    const { column, direction = "asc", nulls = "last" } = typeof one === "string" ? { column: one } : one;
    if (typeof fieldNamed(schema, column)?.type !== "string")
      throw new IcebergError("invalid-input", `cannot sort by ${column}: the table has no such primitive column`, {
        column,
      });
    return { column, direction, nulls };
  });
}

/** How many data files each delete file reaches: its rows are assumed to be spread evenly over them. */
function reachOfDeletes(planned: readonly PlannedFile[]): Map<string, number> {
  const reach = new Map<string, number>();
  for (const file of planned)
    for (const entry of file.deletes) reach.set(entry.file.path, (reach.get(entry.file.path) ?? 0) + 1);
  return reach;
}

interface Extent {
  readonly bytes: number;
  readonly rows: number;
}

const isLarge = ({ entry: { file } }: PlannedFile, target: Extent): boolean =>
  file.sizeBytes >= target.bytes * LARGE || file.recordCount >= target.rows * LARGE;

interface Bin {
  readonly files: PlannedFile[];
  /** The next file did not fit: what is joined of it is large and will not be joined again. */
  full: boolean;
}

/** First fit in commit order, so that rows that came together stay together. */
function pack(files: readonly PlannedFile[], target: Extent): Bin[] {
  const bins: Bin[] = [];
  let [bytes, rows] = [Infinity, Infinity];
  for (const one of files.toSorted((a, b) => a.entry.sequenceNumber - b.entry.sequenceNumber)) {
    const { sizeBytes, recordCount } = one.entry.file;
    if (bytes + sizeBytes > target.bytes || rows + recordCount > target.rows) {
      const last = bins.at(-1);
      if (last !== undefined) last.full = true;
      bins.push({ files: [], full: false });
      [bytes, rows] = [0, 0];
    }
    bins.at(-1)?.files.push(one);
    bytes += sizeBytes;
    rows += recordCount;
  }
  return bins;
}

function asGroup(bin: readonly PlannedFile[], partition: string, reason: CompactionGroup["reason"]): CompactionGroup {
  const files = bin.map(({ entry: { file }, deletes }) => ({
    path: file.path,
    recordCount: file.recordCount,
    sizeBytes: file.sizeBytes,
    deleteFiles: deletes.length,
  }));
  return { partition, files, inputBytes: files.reduce((sum, file) => sum + file.sizeBytes, 0), reason };
}

function partitionText(table: Table, file: PlannedFile): string {
  const spec = specOf(table.metadata, file.entry.file.specId);
  if (spec.fields.length === 0) return "whole table";
  return spec.fields
    .map((field, index) => {
      const value = file.entry.file.partition[index] ?? null;
      return `${field.name}=${Buffer.isBuffer(value) ? value.toString("utf8") : String(value)}`;
    })
    .join("/");
}
