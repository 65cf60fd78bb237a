import { IcebergError } from "../errors.ts";
import { partitionKey, type DataFile } from "../manifest/data-file.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import type { PlannedFile } from "../read/plan-files.ts";

/**
 * `invalid-input` for a table that has no partitions to touch; `unsupported-feature` when files of an older partitioning
 * may hold rows of the present partitions.
 */
export function refuseOtherPartitioning(metadata: TableMetadata, planned: readonly PlannedFile[]): void {
  const specId = metadata["default-spec-id"];
  const spec = metadata["partition-specs"].find((one) => one["spec-id"] === specId);
  if (spec?.fields.some((field) => field.transform !== "void") !== true)
    throw new IcebergError(
      "invalid-input",
      'the table has no partitions to overwrite one by one; use where: "all" or a filter',
    );
  const other = planned.find((file) => file.entry.file.specId !== specId)?.entry.file;
  if (other)
    throw new IcebergError(
      "unsupported-feature",
      `${other.path} was written under partition spec ${other.specId}, so its partition says nothing about the present ones; overwrite by a filter`,
      { specId: other.specId },
    );
}

/** Files of the partitions that the written files are of. */
export function filesOfPartitions(
  planned: readonly PlannedFile[],
  written: readonly DataFile[],
): readonly PlannedFile[] {
  const touched = new Set(written.map(partitionKey));
  return planned.filter((file) => touched.has(partitionKey(file.entry.file)));
}
