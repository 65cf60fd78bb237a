import type { DatasetName } from "../catalog/index.ts";
import type { Scanned } from "../lakehouse/index.ts";

export const CHECK_KINDS = [
  "duplicate-keys",
  "null-rate",
  "schema-drift",
  "freshness",
  "row-count",
  "custom-sql",
] as const;
export type CheckKind = (typeof CHECK_KINDS)[number];
export const SEVERITIES = ["error", "warning"] as const;
export type Severity = (typeof SEVERITIES)[number];
/** `skipped`: the check could not be judged (no data yet); never shown as good. */
export const CHECK_OUTCOMES = ["passed", "warned", "failed", "skipped"] as const;
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

export interface CheckDefinition {
  readonly dataset: DatasetName;
  /** Unique within the dataset, e.g. `duplicate-keys` or `null-rate:email`. */
  readonly name: string;
  readonly kind: CheckKind;
  readonly column: string | null;
  readonly severity: Severity;
  /** Blocking checks run before readers see the result. */
  readonly blocking: boolean;
  /** Highest value that still passes; its unit is the kind's (rows, share 0–1, seconds). */
  readonly threshold: number;
  readonly description: string;
}

export interface CheckResult {
  readonly dataset: DatasetName;
  readonly check: string;
  readonly at: Date;
  readonly outcome: CheckOutcome;
  readonly value: number | null;
  readonly threshold: number;
  readonly snapshotId: string | null;
  readonly runId: string | null;
  /** In plain words, with counts and column names but no values of rows. */
  readonly message: string;
  /** What its query scanned; absent where it runs none, or shares the one of another check. */
  readonly scanned?: Scanned;
}

export function judgeCheck(definition: CheckDefinition, value: number | null): CheckOutcome {
  if (value === null) return "skipped";
  if (value <= definition.threshold) return "passed";
  return definition.severity === "error" ? "failed" : "warned";
}
