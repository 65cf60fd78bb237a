import type { DatasetName } from "../catalog/index.ts";
import { type BackfillPlan, daysPerRun, type PerRun, type PlannedDataset, WHOLE } from "./backfill.ts";
import { chunkRanges, type DayRange, dayNumber, dayOf, intersectRanges } from "./backfill-days.ts";

/** One part of a plan: a partition of a dataset, with the run that does it. */
export interface PlannedPart {
  readonly dataset: DatasetName;
  /** A day, or `whole`. */
  readonly part: string;
  /** Number of the run, from 1; runs go in this order. */
  readonly number: number;
  readonly wave: number;
  /** Place of the dataset in the run. */
  readonly ordinal: number;
}

/** Every part of a plan with its run; each partition of each dataset once. */
export function partsOf({ datasets, spec }: Pick<BackfillPlan, "datasets" | "spec">): PlannedPart[] {
  const parts: PlannedPart[] = [];
  let number = 0;
  for (const [wave, members] of byWave(datasets)) {
    const whole = members.filter((one) => one.ranges === null);
    if (whole.length > 0) {
      number += 1;
      for (const { dataset } of whole)
        parts.push({
          dataset,
          part: WHOLE,
          number,
          wave,
          ordinal: datasets.findIndex((one) => one.dataset === dataset),
        });
      continue;
    }
    for (const chunk of chunksOf(members, spec.perRun)) {
      number += 1;
      for (const { dataset, ranges } of members) {
        const ordinal = datasets.findIndex((one) => one.dataset === dataset);
        for (const { from, to } of intersectRanges(ranges ?? [], [chunk]))
          for (let day = dayNumber(from); day <= dayNumber(to); day += 1)
            parts.push({ dataset, part: dayOf(day), number, wave, ordinal });
      }
    }
  }
  return parts;
}

/** How many runs do these datasets. */
export function runsOf(datasets: readonly PlannedDataset[], perRun: PerRun | undefined): number {
  let runs = 0;
  for (const [, members] of byWave(datasets))
    runs += members.some((one) => one.ranges === null) ? 1 : chunksOf(members, perRun).length;
  return runs;
}

function chunksOf(members: readonly PlannedDataset[], perRun: PerRun | undefined): DayRange[] {
  return chunkRanges(
    members.flatMap((one) => one.ranges ?? []),
    daysPerRun(perRun),
  );
}

function byWave(datasets: readonly PlannedDataset[]): [number, PlannedDataset[]][] {
  return [...Map.groupBy(datasets, (one) => one.wave)].toSorted(([left], [right]) => left - right);
}
