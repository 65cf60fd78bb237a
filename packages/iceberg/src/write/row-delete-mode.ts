import { IcebergError } from "../errors.ts";

/**
 * How rows of files that lose only some of them go.
 * - `position-deletes`: files stay, delete files name the rows (merge-on-read): cheap to write, dearer to read.
 * - `copy-on-write`: files are written anew without the rows: dear to write, cheap to read. Rows that are carried over
 *   appear in `changes()` as deleted and inserted.
 */
export type RowDeleteMode = "position-deletes" | "copy-on-write";

const MODES: Readonly<Record<string, RowDeleteMode>> = {
  "merge-on-read": "position-deletes",
  "copy-on-write": "copy-on-write",
};

/** The mode asked for, else that of the table property (`write.delete.mode`, `write.merge.mode`), else position deletes. */
export function rowDeleteMode(
  properties: Readonly<Record<string, string>>,
  property: "write.delete.mode" | "write.merge.mode",
  asked: RowDeleteMode | undefined,
): RowDeleteMode {
  const text = properties[property];
  if (asked !== undefined || text === undefined) return asked ?? "position-deletes";
  const mode = MODES[text.trim().toLowerCase()];
  if (mode === undefined)
    throw new IcebergError(
      "invalid-input",
      `table property ${property} is ${JSON.stringify(text)}; set it to merge-on-read or copy-on-write`,
      { property },
    );
  return mode;
}
