/** One line of the result. */
export interface Figure {
  readonly what: string;
  readonly figure: number;
  readonly unit: string;
  /** The number that the platform has to reach; empty: it is there for comparison. */
  readonly goal: string;
  /** What another product takes for the same, or what belongs to the figure. */
  readonly beside?: string;
}

/** By nearest rank: the smallest value that `share` of all values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function round(value: number): number {
  return Number(value.toPrecision(4));
}
