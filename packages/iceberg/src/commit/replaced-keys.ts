import type { Snapshot } from "../metadata/table-metadata.ts";

/**
 * Property of a snapshot's summary that a merge leaves behind when it removed no row without putting one with the same key in
 * its place: the field ids of that key. So readers of changes know the keys of removed rows without reading these.
 */
const REPLACED_BY = "replaced-rows-by-key";

export function replacedByKey(fieldIds: readonly number[]): Record<string, string> {
  return { [REPLACED_BY]: fieldIds.toSorted((a, b) => a - b).join(",") };
}

/** Whether each row that these snapshots removed was replaced by one with the same values of these fields. */
export function replaceOnlyByKey(snapshots: readonly Snapshot[], fieldIds: readonly number[]): boolean {
  return snapshots.every(({ summary }) => {
    if (summary.operation === "append" || summary.operation === "replace") return true;
    const key = new Set((summary[REPLACED_BY] ?? "").split(",").filter((id) => id !== ""));
    return key.size > 0 && fieldIds.every((id) => key.has(String(id)));
  });
}
