import { stateKey, type Context, type TableState } from "../context.ts";
import type { DataFile } from "../manifest/data-file.ts";
import type { Operation } from "../metadata/table-metadata.ts";
import { MAIN } from "../refs/branch-view.ts";
import type { Concurrency, StagedChange } from "./staged-change.ts";

export interface StageInput {
  readonly operation: Operation;
  readonly concurrency: Concurrency;
  readonly addedDataFiles?: readonly DataFile[];
  readonly addedDeleteFiles?: readonly DataFile[];
  readonly removedFiles?: readonly DataFile[];
  readonly dataSequenceNumber?: number;
  /** Rows that readers no longer see. */
  readonly deletedRecords?: number;
  readonly joinManifests?: boolean;
  readonly properties?: Readonly<Record<string, string>>;
}

/** Wraps written files as a change on top of the state they were decided on. */
export function stageChange(context: Context, state: TableState, input: StageInput): StagedChange {
  const { addedDataFiles = [], addedDeleteFiles = [], removedFiles = [] } = input;
  context.failpoint("data-files-written");
  const written = [...addedDataFiles, ...addedDeleteFiles];
  const sum = (files: readonly DataFile[], field: "recordCount" | "sizeBytes"): number =>
    files.reduce((total, file) => total + file[field], 0);
  const snapshotId = context.snapshotId();
  return {
    identifier: state.identifier,
    tableUuid: state.metadata["table-uuid"],
    branch: state.branch ?? MAIN,
    baseSnapshotId: state.metadata["current-snapshot-id"],
    snapshotId,
    schemaId: state.metadata["current-schema-id"],
    concurrency: input.concurrency,
    addedDataFiles,
    addedDeleteFiles,
    removedFiles,
    joinManifests: input.joinManifests ?? false,
    properties: input.properties ?? {},
    dataSequenceNumber: input.dataSequenceNumber ?? null,
    summary: {
      operation: input.operation,
      addedRecords: sum(addedDataFiles, "recordCount"),
      deletedRecords: input.deletedRecords ?? 0,
      addedFiles: addedDataFiles.length,
      addedDeleteFiles: addedDeleteFiles.length,
      removedFiles: removedFiles.length,
      addedBytes: sum(written, "sizeBytes"),
    },
    discard: async () => {
      // A committed change's files belong to the table: discarding after the commit must not take them away.
      const head = context.heads.get(stateKey(state.identifier));
      if (head?.metadata.snapshots.some((snapshot) => snapshot["snapshot-id"] === snapshotId)) return;
      await Promise.all(written.map((file) => context.storage.delete(file.path)));
    },
  };
}
