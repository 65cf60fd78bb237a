import { dollarsText, scanPrice } from "../lakehouse/index.ts";
import { daysPerRun, PER_RANGE, type PerRun, type PlannedCut, type PlannedDataset } from "./backfill.ts";
import { chunkRanges } from "./backfill-days.ts";
import type { BackfillDataset, BackfillFacts } from "./backfill-facts.ts";
import { runsOf } from "./backfill-parts.ts";

/** What the datasets of a plan take when their days are cut that way. */
export function costOfCut(datasets: readonly PlannedDataset[], perRun: PerRun, facts: BackfillFacts): PlannedCut {
  const reads = datasets.map((one) => {
    const queries = one.ranges === null ? 1 : chunkRanges(one.ranges, daysPerRun(perRun)).length;
    return { queries, bytes: bytesRead(one, queries, facts) };
  });
  return {
    perRun,
    runs: runsOf(datasets, perRun),
    bytesRead: reads.reduce((sum, { bytes }) => sum + bytes, 0),
    dollars: dollarsText(reads.reduce((sum, { bytes, queries }) => sum + scanPrice(bytes, queries), 0)),
  };
}

/** A run for each day, for each range, and as chosen: side by side, so that the cheaper one is seen. */
export function cutsOf(datasets: readonly PlannedDataset[], chosen: PerRun, facts: BackfillFacts): PlannedCut[] {
  return [...new Set<PerRun>([1, PER_RANGE, chosen])].map((perRun) => costOfCut(datasets, perRun, facts));
}

/**
 * Bytes that computing the planned part of a dataset reads in so many queries, as far as anybody knows: of inputs bounded in time
 * its share, of the others everything each time.
 */
function bytesRead(one: PlannedDataset, queries: number, facts: BackfillFacts): number {
  const days = facts.partitions.get(one.dataset)?.days.length ?? 0;
  const share = one.ranges === null || days === 0 ? 1 : Math.min(1, one.partitions / days);
  const whole = wholeInputs(facts.datasets.find(({ name }) => name === one.dataset));
  return Object.keys(one.inputs).reduce((bytes, input) => {
    const all = facts.inputBytes.get(input) ?? 0;
    return bytes + (whole.has(input) ? all * queries : Math.round(all * share));
  }, one.bytes);
}

function wholeInputs(dataset: BackfillDataset | undefined): ReadonlySet<string> {
  return new Set(dataset?.wholeInputs ?? []);
}
