/** `unknown`: nothing was loaded yet. Unknown is never shown as good. */
export type FreshnessState = "fresh" | "late" | "unknown";

export interface Freshness {
  readonly state: FreshnessState;
  /** Everything the sources did up to this time is in the dataset; null before the first load. */
  readonly dataThrough: Date | null;
  /** Seconds between `dataThrough` and now. */
  readonly ageSeconds: number | null;
  readonly targetLagSeconds: number;
}

/** Judges a dataset by its "data through" time, never by the time of its last run. */
export function judgeFreshness(dataThrough: Date | null, targetLagSeconds: number, now: Date): Freshness {
  if (dataThrough === null) return { state: "unknown", dataThrough, ageSeconds: null, targetLagSeconds };
  const ageSeconds = Math.max(0, Math.round((now.getTime() - dataThrough.getTime()) / 1000));
  return { state: ageSeconds <= targetLagSeconds ? "fresh" : "late", dataThrough, ageSeconds, targetLagSeconds };
}
