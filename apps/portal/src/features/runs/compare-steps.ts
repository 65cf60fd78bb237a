import type { ComparedStep, DatasetComparison } from "@nova/db/read-models";
import { type InputDifference, inputDifferences } from "@nova/pipeline-core/orchestration";

export interface CheckDifference {
  readonly name: string;
  readonly before: string | null;
  readonly now: string | null;
}

export interface StepDifference {
  /** How many times as long; null while either is unknown. */
  readonly slower: number | null;
  /** Inputs whose snapshot is another one; null when either run did not record them. */
  readonly inputs: readonly InputDifference[] | null;
  /** Null: one of the two is from before the code was recorded. */
  readonly codeChanged: boolean | null;
  /** Null when one of the two was not judged. */
  readonly checks: readonly CheckDifference[] | null;
}

/** What differs between a step and the last good one of its dataset. */
export function compareSteps({ now, lastGood }: DatasetComparison): StepDifference | null {
  if (lastGood === null) return null;
  return {
    slower: ratio(now.seconds, lastGood.seconds),
    inputs: inputDifferences(now.inputs, lastGood.inputs),
    codeChanged:
      now.codeVersion === null || lastGood.codeVersion === null ? null : now.codeVersion !== lastGood.codeVersion,
    checks: compareChecks(now, lastGood),
  };
}

function ratio(now: number | null, before: number | null): number | null {
  return now === null || before === null || before <= 0 ? null : now / before;
}

/** Checks with another outcome, and those that only one of the two has. */
function compareChecks(now: ComparedStep, before: ComparedStep): CheckDifference[] | null {
  if (now.checks.length === 0 || before.checks.length === 0) return null;
  const outcomes = (step: ComparedStep) => new Map(step.checks.map(({ name, outcome }) => [name, outcome]));
  const [after, was] = [outcomes(now), outcomes(before)];
  return [...new Set([...was.keys(), ...after.keys()])]
    .map((name) => ({ name, before: was.get(name) ?? null, now: after.get(name) ?? null }))
    .filter((one) => one.before !== one.now)
    .toSorted((a, b) => a.name.localeCompare(b.name));
}
