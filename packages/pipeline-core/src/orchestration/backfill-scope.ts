import { PlatformError } from "../kernel/index.ts";
import type { BackfillScope, BackfillSpec } from "./backfill.ts";
import {
  type DayRange,
  dayAt,
  dayNumber,
  intersectRanges,
  joinRanges,
  rangesText,
  subtractRanges,
} from "./backfill-days.ts";
import type { BackfillDataset, BackfillFacts, PartitionFacts } from "./backfill-facts.ts";

/** The days of the dataset named that the scope leaves. */
export function daysInScope(
  spec: BackfillSpec,
  root: BackfillDataset,
  facts: BackfillFacts,
): readonly DayRange[] | null {
  if (root.grain.per === "whole") return null;
  const partitions = facts.partitions.get(root.name);
  const today = dayAt(facts.now);
  const first = partitions?.first ?? null;
  if (partitions === undefined || first === null)
    throw new PlatformError("conflict", `${root.name} and its inputs have no rows yet; there is nothing to fill in`);
  const asked = spec.ranges.length === 0 ? [{ from: first, to: today }] : joinRanges(spec.ranges);
  const early = asked.find((range) => range.from < first);
  if (early !== undefined)
    throw new PlatformError(
      "invalid-input",
      `ranges: ${early.from} is before the history of ${root.name}, which begins on ${first}`,
    );
  const late = asked.find((range) => range.to > today);
  if (late !== undefined)
    throw new PlatformError("invalid-input", `ranges: ${late.to} is in the future; today is ${today} (UTC)`);
  const chosen = inScope(spec.scope, asked, partitions);
  if (chosen.length === 0)
    throw new PlatformError(
      "conflict",
      `nothing to do: none of ${rangesText(asked)} is ${SCOPE_MISSES[spec.scope]}; choose scope all to do them again`,
    );
  return chosen;
}

const SCOPE_MISSES: Record<BackfillScope, string> = {
  "missing-and-failed": "missing or failed",
  missing: "missing",
  failed: "failed",
  all: "there",
};

function inScope(scope: BackfillScope, asked: readonly DayRange[], facts: PartitionFacts): DayRange[] {
  const failed = intersectRanges(asked, facts.failed);
  const missing = missingDays(asked, facts);
  switch (scope) {
    case "all":
      return joinRanges(asked);
    case "failed":
      return failed;
    case "missing":
      return missing;
    case "missing-and-failed":
      return joinRanges([...failed, ...missing]);
  }
}

/** Days of `asked` that have no rows and were not found to have none. */
export function missingDays(asked: readonly DayRange[], { days, empty }: PartitionFacts): DayRange[] {
  return subtractRanges(asked, [...days.map(({ day }) => ({ from: day, to: day })), ...empty]);
}

/** Rows that these days have. */
export function rowsOfDays(days: PartitionFacts["days"], ranges: readonly DayRange[]): number {
  const byDay = new Map(days.map(({ day, rows }) => [dayNumber(day), rows]));
  let rows = 0;
  for (const { from, to } of ranges)
    for (let day = dayNumber(from); day <= dayNumber(to); day += 1) rows += byDay.get(day) ?? 0;
  return rows;
}
