import { PlatformError } from "@nova/pipeline-core/kernel";
import { z } from "zod";

/** Where the reading of one object stands; kept as the stream's cursor, in the transaction of the rows it covers. */
const cursorSchema = z.discriminatedUnion("phase", [
  z.object({
    phase: z.literal("full"),
    jobId: z.string(),
    /** The next page; null = the first one. */
    locator: z.string().nullable(),
    /** When the job was made: changes from here on are read incrementally afterwards. */
    startedAt: z.iso.datetime(),
  }),
  z.object({
    phase: z.literal("incremental"),
    /** Highest SystemModstamp read. */
    since: z.iso.datetime(),
    /** Deletes were listed up to here. */
    deletesSince: z.iso.datetime(),
    /** All its records are being read again beside the changes. */
    again: z
      .object({
        jobId: z.string(),
        locator: z.string().nullable(),
        startedAt: z.iso.datetime(),
        /** What asked for it; settled when the last page is stored. */
        request: z.string(),
        ended: z.boolean(),
      })
      .optional(),
  }),
]);
export type ObjectCursor = z.infer<typeof cursorSchema>;
export type IncrementalCursor = Extract<ObjectCursor, { phase: "incremental" }>;

export function parseCursor(text: string | null): ObjectCursor | null {
  if (text === null) return null;
  const parsed = cursorSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new PlatformError("internal", `the stored Salesforce cursor is not one of ours: ${parsed.error.message}`);
  return parsed.data;
}

export function isReadAgain({ again }: IncrementalCursor): boolean {
  return again !== undefined && !again.ended;
}
