const GIB = 1024 ** 3;

/** Log that a source keeps on its disk for us: above `warning` someone should look, above `wrong` its disk is in danger. */
export const RETAINED_BYTES_LIMITS = { warning: GIB, wrong: 8 * GIB } as const;

export type SlotVerdict = "ok" | "warning" | "wrong";

/** Judges the log a source keeps for us; `state` is PostgreSQL's `wal_status`. Null = the source has no such thing. */
export function judgeSlot(retainedBytes: number | null, state: string | null): SlotVerdict | null {
  if (retainedBytes === null && state === null) return null;
  if (state === "lost" || state === "unreserved") return "wrong";
  const bytes = retainedBytes ?? 0;
  if (bytes >= RETAINED_BYTES_LIMITS.wrong) return "wrong";
  return bytes >= RETAINED_BYTES_LIMITS.warning || state === "extended" ? "warning" : "ok";
}
