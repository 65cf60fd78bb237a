import type { ComparedStep, DatasetComparison } from "@nova/db/read-models";
import { plural } from "@/ui/format.ts";

/** Rounds of checks come at least this often. */
const ROUND_MILLIS = 15 * 60_000;
const OUTCOMES = ["failed", "warned", "passed", "skipped"] as const;

/** What the checks of a step said, the worst first: "1 failed, 5 passed"; null when nothing was judged. */
export function judgedText({ checks }: Pick<ComparedStep, "checks">): string | null {
  if (checks.length === 0) return null;
  return OUTCOMES.flatMap((outcome) => {
    const count = checks.filter((check) => check.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${outcome === "skipped" ? "not judged" : outcome}`];
  }).join(", ");
}

/** Why no check was judged on what the step did; null when one was. */
export function whyNotJudged({ now, checks }: DatasetComparison, at: Date): string | null {
  if (now.checks.length > 0) return null;
  if (checks === 0) return "The dataset has no checks.";
  switch (now.state) {
    case "waiting":
    case "running":
    case "retrying":
      return "Judged after it has ended.";
    case "failed":
      return now.errorKind === "check-failed"
        ? `Refused before anyone could read it: ${now.errorMessage ?? "a check that blocks failed"}`
        : "It published nothing, so there was nothing to judge.";
    case "cancelled":
      return "It published nothing, so there was nothing to judge.";
    case "skipped":
      return "It wrote nothing; what was judged before still holds.";
    case "done-by-hand":
      return "A person marked it as done; it wrote nothing, and what was judged before still holds.";
    case "succeeded":
      return now.endedAt !== null && at.getTime() - now.endedAt.getTime() < ROUND_MILLIS
        ? `Not judged yet: ${plural(checks, "check")} come with the next round, within ten minutes.`
        : "No round of checks on it is on record.";
  }
}

/** When the checks were judged if rows that came after were judged with it; null when it was judged for itself. */
export function judgedLater({ checks }: Pick<ComparedStep, "checks">): Date | null {
  const later = checks.filter(({ own }) => !own).map(({ at }) => at.getTime());
  return later.length === 0 ? null : new Date(Math.min(...later));
}

/** Why the inputs of the two cannot be compared. */
export function whyNoInputs({ now }: DatasetComparison): string {
  if (now.inputs !== null) return "not recorded by the last good run";
  switch (now.state) {
    case "waiting":
    case "running":
    case "retrying":
      return "known when it ends";
    case "failed":
    case "cancelled":
    case "done-by-hand":
      return "it ended before it read any";
    case "skipped":
    case "succeeded":
      return "not recorded";
  }
}

/** Why the code of the two cannot be compared. */
export function whyNoCode({ dataset, now, lastGood }: DatasetComparison): string {
  if (!/^(curated|mart)\./.test(dataset)) return "no model: it is loaded";
  if (now.codeVersion !== null && lastGood !== null) return "not recorded by the last good run";
  return now.state === "failed" || now.state === "cancelled" || now.state === "done-by-hand"
    ? "it ended before it began to compute"
    : "not recorded";
}
