/** One line of the result. */
export interface Figure {
  readonly what: string;
  readonly figure: number;
  readonly unit: string;
  /** The number that the platform has to reach, as words; empty: it is there for comparison. */
  readonly goal: string;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export function round(value: number): number {
  return Number(value.toPrecision(4));
}

/** Calls `work` as often as `perSecond` says, until it is `seconds` later; waits for those under way. Null: as fast as they come. */
export async function paced(
  {
    perSecond,
    seconds,
    inFlight,
  }: { readonly perSecond: number | null; readonly seconds: number; readonly inFlight: number },
  work: (number: number) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - began < seconds * 1000) {
      const number = next++;
      const due = perSecond === null ? 0 : began + (number / perSecond) * 1000 - performance.now();
      if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
      await work(number);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return next;
}
