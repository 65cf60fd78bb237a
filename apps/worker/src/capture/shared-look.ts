/**
 * How far each dataset is, for as many as wait at once: all of them are looked up together, and whoever asks within
 * `everyMillis` of a look gets what that look saw. What it gives may be that old, never newer than the truth.
 */
export function sharedLook(
  lookUp: () => Promise<ReadonlyMap<string, Date>>,
  everyMillis: number,
): (dataset: string) => Promise<Date | null> {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let seen: Promise<ReadonlyMap<string, Date>> = Promise.resolve(new Map());
  return async (dataset) => {
    if (performance.now() - lookedAt >= everyMillis) {
      lookedAt = performance.now();
      seen = lookUp();
      // Whoever shares a look that failed hears of it; the next one looks anew.
      seen.catch(() => (lookedAt = Number.NEGATIVE_INFINITY));
    }
    return (await seen).get(dataset) ?? null;
  };
}
