import { PlatformError } from "@nova/pipeline-core/kernel";
import { z } from "zod";

/** What a stream's cursor holds: which database it belongs to, and the last key that a committed chunk holds. */
const cursorSchema = z.object({
  system: z.string(),
  after: z.record(z.string(), z.string()).nullable(),
  /** Of a table that is read again while changes flow: the position of its first chunk. */
  since: z.string().optional(),
  /** Of a table that is read in ranges of its key side by side. */
  parts: z
    .array(
      z.object({
        after: z.record(z.string(), z.string()).nullable(),
        through: z.record(z.string(), z.string()).nullable(),
        done: z.boolean(),
      }),
    )
    .optional(),
});
export type SnapshotCursor = z.infer<typeof cursorSchema>;

/** `afterKey` is the key JSON of the last row of the chunk; null before the first. */
export function cursorText(system: string, afterKey: string | null, since: string | null = null): string {
  const again = since === null ? "" : `,"since":${JSON.stringify(since)}`;
  return `{"system":${JSON.stringify(system)},"after":${afterKey ?? "null"}${again}}`;
}

/** Of a table that is read in parts. */
export function partsCursorText(system: string, parts: NonNullable<SnapshotCursor["parts"]>): string {
  return JSON.stringify({ system, after: null, parts } satisfies SnapshotCursor);
}

export function parseCursor(text: string): SnapshotCursor {
  const parsed = cursorSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new PlatformError("internal", `the stored snapshot cursor is not one of ours: ${parsed.error.message}`);
  return parsed.data;
}
