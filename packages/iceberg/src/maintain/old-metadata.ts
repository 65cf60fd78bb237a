import { commitMetadata } from "../commit/commit.ts";
import { IcebergError } from "../errors.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import { numberProperty, PROPERTY } from "../properties.ts";
import { Table } from "../table.ts";
import { removeFiles } from "./remove-files.ts";

/** Former metadata files that go, oldest first. Plain data. */
export interface OldMetadataPlan {
  readonly kind: "old-metadata";
  readonly tableUuid: string;
  /** Former metadata files that stay. */
  readonly keep: number;
  readonly files: readonly string[];
  explain(): string;
}

/** Former metadata files beyond the newest `keep` (`write.metadata.previous-versions-max`, 100) of the metadata log. */
export async function planOldMetadata(table: Table, options: { keep?: number } = {}): Promise<OldMetadataPlan> {
  const { metadata } = Table.internals(table).state;
  const keep = options.keep ?? numberProperty(metadata.properties, PROPERTY.previousVersionsMax);
  if (!Number.isSafeInteger(keep) || keep < 1)
    throw new IcebergError("invalid-input", "keep must be at least 1: a reader may still be opening the predecessor");
  const files = beyond(metadata, keep);
  return {
    kind: "old-metadata",
    tableUuid: metadata["table-uuid"],
    keep,
    files,
    explain: () =>
      files.length === 0
        ? `${metadata["metadata-log"].length} former metadata file(s), none too many (${keep} stay)`
        : `remove ${files.length} former metadata file(s), keep ${keep}`,
  };
}

/** Takes them out of the log, then removes them. Idempotent; what a crash leaves in between is an orphan. */
export async function executeOldMetadata(
  table: Table,
  plan: OldMetadataPlan,
): Promise<{ table: Table; removedFiles: number; failed: readonly string[] }> {
  const { context, state } = Table.internals(table);
  if (plan.tableUuid !== state.metadata["table-uuid"])
    throw new IcebergError("invalid-input", "the plan was made for another table");
  const asked = new Set(plan.files);
  let gone: string[] = [];
  await commitMetadata(context, state.identifier, undefined, async ({ metadata }) => {
    gone = beyond(metadata, plan.keep).filter((file) => asked.has(file));
    const left = metadata["metadata-log"].filter((line) => !gone.includes(line["metadata-file"]));
    return gone.length === 0 ? null : { metadata: { ...metadata, "metadata-log": left }, written: [] };
  });
  const { removed, failed } = await removeFiles(context, gone);
  return { table: await table.refresh(), removedFiles: removed.length, failed };
}

const beyond = (metadata: TableMetadata, keep: number): string[] =>
  metadata["metadata-log"].slice(0, -keep).map((line) => line["metadata-file"]);
