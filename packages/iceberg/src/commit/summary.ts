import { CONTENT, partitionKey, type DataFile, type ManifestFile } from "../manifest/data-file.ts";
import type { Snapshot } from "../metadata/table-metadata.ts";
import type { StagedChange } from "./staged-change.ts";

/**
 * The snapshot's summary (spec Appendix F, "Optional Snapshot Summary Fields"). File and row totals are counted from the
 * manifest list, so they stay right even after writers that got them wrong; sizes continue the parent's total.
 */
export function snapshotSummary(
  change: StagedChange,
  parent: Snapshot | undefined,
  manifests: readonly ManifestFile[],
  properties: Readonly<Record<string, string>>,
): Snapshot["summary"] {
  const addedDeletes = change.addedDeleteFiles;
  const removedData = change.removedFiles.filter((file) => file.content === CONTENT.data);
  const removedDeletes = change.removedFiles.filter((file) => file.content !== CONTENT.data);
  const summary: Record<string, string> = {};
  const put = (key: string, value: number): void => {
    if (value > 0) summary[key] = String(value);
  };
  put("added-data-files", change.addedDataFiles.length);
  put("added-records", rows(change.addedDataFiles));
  put("added-files-size", bytes(change.addedDataFiles) + bytes(addedDeletes));
  const equalityDeletes = addedDeletes.filter((file) => file.content === CONTENT.equalityDeletes);
  const positionDeletes = addedDeletes.filter((file) => file.content === CONTENT.positionDeletes);
  put("added-delete-files", addedDeletes.length);
  put("added-position-delete-files", positionDeletes.length);
  put("added-position-deletes", rows(positionDeletes));
  put("added-equality-delete-files", equalityDeletes.length);
  put("added-equality-deletes", rows(equalityDeletes));
  put("deleted-data-files", removedData.length);
  put("deleted-records", rows(removedData));
  put("removed-files-size", bytes(change.removedFiles));
  put("removed-delete-files", removedDeletes.length);
  put(
    "removed-position-delete-files",
    removedDeletes.filter((file) => file.content === CONTENT.positionDeletes).length,
  );
  put("removed-position-deletes", rows(removedDeletes.filter((file) => file.content === CONTENT.positionDeletes)));
  put(
    "removed-equality-delete-files",
    removedDeletes.filter((file) => file.content === CONTENT.equalityDeletes).length,
  );
  put("removed-equality-deletes", rows(removedDeletes.filter((file) => file.content === CONTENT.equalityDeletes)));
  summary["changed-partition-count"] = String(
    new Set([...change.addedDataFiles, ...addedDeletes, ...change.removedFiles].map(partitionKey)).size,
  );
  const before = parent?.summary;
  const data = manifests.filter((line) => line.content === 0);
  const deletes = manifests.filter((line) => line.content === 1);
  const live = (lines: readonly ManifestFile[]): number =>
    lines.reduce((sum, line) => sum + line.addedFiles + line.existingFiles, 0);
  const liveRows = (lines: readonly ManifestFile[]): number =>
    lines.reduce((sum, line) => sum + line.addedRows + line.existingRows, 0);
  const equality = Math.max(
    0,
    Number(before?.["total-equality-deletes"] ?? 0) +
      rows(equalityDeletes) -
      Number(summary["removed-equality-deletes"] ?? 0),
  );
  const totals: Record<string, string> = {
    "total-data-files": String(live(data)),
    "total-delete-files": String(live(deletes)),
    "total-records": String(liveRows(data)),
    "total-position-deletes": String(Math.max(0, liveRows(deletes) - equality)),
    "total-equality-deletes": String(equality),
  };
  const sizeBefore = parent ? before?.["total-files-size"] : "0";
  if (sizeBefore !== undefined)
    totals["total-files-size"] = String(
      Number(sizeBefore) + bytes(change.addedDataFiles) + bytes(addedDeletes) - bytes(change.removedFiles),
    );
  return { ...properties, ...change.properties, ...summary, ...totals, operation: change.summary.operation };
}

const rows = (files: readonly DataFile[]): number => files.reduce((sum, file) => sum + file.recordCount, 0);
const bytes = (files: readonly DataFile[]): number => files.reduce((sum, file) => sum + file.sizeBytes, 0);
