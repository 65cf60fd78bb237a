import { type FreshnessState, judgeFreshness, type Layer } from "@nova/pipeline-core/catalog";

interface HealthInput {
  readonly name: string;
  readonly layer: Layer;
  readonly owner: string;
  readonly targetLagSeconds: number;
  readonly dataThrough: Date | null;
  readonly failingChecks: number;
  readonly warningChecks: number;
  readonly checkMessage: string | null;
  readonly failingSince: Date | null;
}

export interface JudgedDataset extends HealthInput {
  readonly state: FreshnessState;
  readonly ageSeconds: number | null;
}

export interface Health {
  readonly total: number;
  readonly fresh: number;
  readonly late: number;
  readonly unknown: number;
  /** Datasets with at least one failing check; they also count in one of the three above. */
  readonly failing: number;
  /** Failing first, then latest by age over allowed age; at most `keep`. */
  readonly worst: readonly JudgedDataset[];
}

/** Counts what is fresh, late, unknown and failing, and picks the worst. Unknown is never counted as fresh. */
export function judgeHealth(rows: readonly HealthInput[], now: Date, keep: number): Health {
  const judged = rows.map((row) => judge(row, now));
  const count = (state: FreshnessState): number => judged.filter((dataset) => dataset.state === state).length;
  const troubled = judged.filter((dataset) => dataset.state === "late" || dataset.failingChecks > 0);
  return {
    total: judged.length,
    fresh: count("fresh"),
    late: count("late"),
    unknown: count("unknown"),
    failing: judged.filter((dataset) => dataset.failingChecks > 0).length,
    worst: troubled.toSorted((a, b) => badness(b) - badness(a) || a.name.localeCompare(b.name)).slice(0, keep),
  };
}

export function judge(row: HealthInput, now: Date): JudgedDataset {
  const { state, ageSeconds } = judgeFreshness(row.dataThrough, row.targetLagSeconds, now);
  return { ...row, state, ageSeconds };
}

const LAYER_WEIGHT: Record<Layer, number> = { raw: 0, staged: 1, curated: 3, mart: 3, export: 2 };

/** People read curated datasets and marts: trouble there comes before trouble upstream. */
function badness(dataset: JudgedDataset): number {
  const lateness =
    dataset.state === "late" ? Math.min(99, (dataset.ageSeconds ?? 0) / Math.max(1, dataset.targetLagSeconds)) : 0;
  return (dataset.failingChecks > 0 ? 1_000 : 0) + LAYER_WEIGHT[dataset.layer] * 100 + lateness;
}
