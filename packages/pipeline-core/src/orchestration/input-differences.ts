import type { ConsumedInputs } from "./run.ts";

export interface InputDifference {
  readonly input: string;
  readonly before: string | null;
  readonly now: string | null;
}

/** Inputs that two steps of a dataset read up to another snapshot, by name; null when either did not record them. */
export function inputDifferences(now: ConsumedInputs | null, before: ConsumedInputs | null): InputDifference[] | null {
  if (now === null || before === null) return null;
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .map((input) => ({ input, before: before[input] ?? null, now: now[input] ?? null }))
    .filter((one) => one.before !== one.now)
    .toSorted((a, b) => a.input.localeCompare(b.input));
}
