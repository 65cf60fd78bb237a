import { z } from "zod";
import {
  type BackfillRuns,
  type DatasetName,
  datasetNameSchema,
  type ModelHeader,
  parameterNameSchema,
  type ParameterValues,
} from "../catalog/index.ts";
import type { ErrorKind } from "../kernel/index.ts";
import { type DayRange, dayRangeSchema } from "./backfill-days.ts";

export const BACKFILL_STATES = ["planned", "running", "paused", "done", "failed", "cancelled"] as const;
/** `planned`: a preview; nothing of it runs before somebody submits it. */
export type BackfillState = (typeof BACKFILL_STATES)[number];

export const BACKFILL_EVENTS = ["submit", "pause", "resume", "cancel", "retry", "succeed", "fail"] as const;
/** `succeed`, `fail`: no part is left to do; `retry`: parts that did not succeed are queued again. */
export type BackfillEvent = (typeof BACKFILL_EVENTS)[number];

/** What an event makes of a backfill; null: it cannot happen in that state. */
export const BACKFILL_TRANSITIONS: Record<BackfillState, Record<BackfillEvent, BackfillState | null>> = {
  planned: { ...never(), submit: "running" },
  running: { ...never(), pause: "paused", cancel: "cancelled", retry: "running", succeed: "done", fail: "failed" },
  paused: { ...never(), resume: "running", cancel: "cancelled", retry: "paused", succeed: "done", fail: "failed" },
  done: never(),
  failed: { ...never(), retry: "running" },
  cancelled: { ...never(), retry: "running" },
};

function never(): Record<BackfillEvent, null> {
  return { submit: null, pause: null, resume: null, cancel: null, retry: null, succeed: null, fail: null };
}

/** What people may do with a backfill now; buttons are drawn from it. */
export function mayBackfill(state: BackfillState, event: BackfillEvent): boolean {
  return BACKFILL_TRANSITIONS[state][event] !== null;
}

export const PART_STATES = ["queued", "running", "succeeded", "failed", "skipped", "cancelled"] as const;
/** `skipped`: what it is made from did not succeed in this backfill. */
export type PartState = (typeof PART_STATES)[number];

export const PARTITION_STATES = ["present", "empty", "missing", "failed", "queued", "running"] as const;
/** How a dataset's day stands. `empty`: computed, and there are no rows; `missing`: no rows and nobody looked why. */
export type PartitionState = (typeof PARTITION_STATES)[number];

/** A partition of a dataset: a UTC day, or `whole` for a dataset without partitions. */
export const WHOLE = "whole";

export const BACKFILL_KINDS = ["recompute", "rebuild", "reread"] as const;
/** `recompute` a model from its inputs, `rebuild` a staged dataset from raw, `reread` a table from its source. */
export type BackfillKind = (typeof BACKFILL_KINDS)[number];

export const BACKFILL_SCOPES = ["missing-and-failed", "missing", "failed", "all"] as const;
/** Which of the named partitions are done: those without rows, those whose last try failed, both, or every one. */
export type BackfillScope = (typeof BACKFILL_SCOPES)[number];

/** More partitions than this are refused before anything is counted one by one. */
export const MAX_PARTITIONS = 100_000;
export const MAX_PARALLELISM = 16;
/** Days that a run takes at most. */
export const MAX_DAYS_PER_RUN = 10_000;
/** A run for each range of days, however long. */
export const PER_RANGE = "range";
/** How days are cut into runs: so many days together, or each range as one. */
export type PerRun = number | typeof PER_RANGE;

export const parallelismSchema = z
  .int("must be a whole number of runs at once")
  .min(1, "must be at least 1")
  .max(MAX_PARALLELISM, `must be at most ${MAX_PARALLELISM}`);

/** What a person wants done again. */
export const backfillSpecSchema = z.strictObject({
  dataset: datasetNameSchema,
  kind: z.enum(BACKFILL_KINDS, `must be one of ${BACKFILL_KINDS.join(", ")}`).optional(),
  /** Days; empty: everything from the first day on. Datasets without partitions are always done whole. */
  ranges: z.array(dayRangeSchema).max(1_000, "must name at most 1000 ranges").default([]),
  scope: z.enum(BACKFILL_SCOPES, `must be one of ${BACKFILL_SCOPES.join(", ")}`).default("missing-and-failed"),
  /** Also everything made from it. */
  downstream: z.boolean().default(false),
  /** Days that one run takes together; what the model says unless given. */
  perRun: z
    .union([z.int(), z.literal(PER_RANGE)], "must be a whole number of days, or range")
    .refine(
      (perRun) => perRun === PER_RANGE || (perRun >= 1 && perRun <= MAX_DAYS_PER_RUN),
      `must be between 1 and ${MAX_DAYS_PER_RUN} days, or range`,
    )
    .optional(),
  parallelism: parallelismSchema.default(1),
  /** Of the dataset named, in place of the defaults of its model. */
  parameters: z.record(parameterNameSchema, z.string()).optional(),
});
export type BackfillSpec = z.output<typeof backfillSpecSchema>;

/** How a dataset is cut into partitions. `column` holds the time that a row belongs to. */
export type PartitionGrain = { readonly per: "day"; readonly column: string } | { readonly per: "whole" };

/** Days that one run takes at most; plans from before it could be a range say a number. */
export function daysPerRun(perRun: PerRun | undefined): number {
  return perRun === PER_RANGE ? MAX_DAYS_PER_RUN : (perRun ?? 1);
}

/** How a model's days are cut unless somebody says otherwise. */
export function defaultPerRun(runs: BackfillRuns): PerRun {
  return runs === "per_range" ? PER_RANGE : 1;
}

const TIMES: ReadonlySet<string> = new Set(["date", "timestamptz", "timestamp"]);

/**
 * A model's partitions by its header: by day of the partition column, or of the one time column that rows are recomputed
 * by; else it is one whole.
 */
export function partitionGrain({ partition, kind, refresh_key: refreshKey, columns }: ModelHeader): PartitionGrain {
  const [only, ...more] = refreshKey ?? [];
  const column = partition?.column ?? (kind === "partitioned" && more.length === 0 ? only : undefined);
  return column !== undefined && TIMES.has(columns[column]?.type ?? "") ? { per: "day", column } : { per: "whole" };
}

/**
 * Why days of a model cannot be computed with other parameters than the defaults; null when they can. A later refresh takes the
 * defaults: it must replace a day as a whole, or rows of one day would stand by two sets of values.
 */
export function whyNoParameters(header: ModelHeader): string | null {
  const grain = partitionGrain(header);
  if (grain.per === "whole")
    return "it is not cut into days, and a refresh would compute some of its rows by the defaults";
  const [only, ...more] = header.refresh_key ?? header.key ?? [];
  const byDay = header.kind === "partitioned" && more.length === 0 && only === grain.column;
  return byDay && header.columns[grain.column]?.type === "date"
    ? null
    : "a refresh computes parts of a day by the defaults, so that its rows would stand by two sets of values";
}

/** One dataset of a plan. */
export interface PlannedDataset {
  readonly dataset: DatasetName;
  readonly kind: BackfillKind;
  readonly owner: string;
  /** Why it is in the plan, in plain words. */
  readonly reason: string;
  /** Datasets of this plan that it is made from. */
  readonly after: readonly DatasetName[];
  /** Runs of a later wave begin when those of the earlier ones have ended. */
  readonly wave: number;
  /** Null: done whole. */
  readonly ranges: readonly DayRange[] | null;
  readonly partitions: number;
  readonly runs: number;
  /** Rows and bytes that these partitions have now. */
  readonly rows: number;
  readonly bytes: number;
  /** By what earlier runs took; null: it never ran. */
  readonly seconds: number | null;
  readonly codeVersion: string;
  /** Snapshot of each input when the plan was made. */
  readonly inputs: Readonly<Record<DatasetName, string | null>>;
  /** Those that are not the defaults; left out when all are. */
  readonly parameters?: ParameterValues;
}

/** What a plan takes when it is cut in one way. */
export interface PlannedCut {
  readonly perRun: PerRun;
  readonly runs: number;
  /** Read by all of its runs together, by estimate. */
  readonly bytesRead: number;
  readonly dollars: string;
}

/** A dataset that may get older than its target lag because a run of the plan holds it up. */
export interface RiskyDataset {
  readonly dataset: DatasetName;
  readonly owner: string;
  readonly targetLagSeconds: number;
  /** What one run of the plan takes of it. */
  readonly runSeconds: number;
}

/** The list of what a backfill does, as it was shown; submitting executes it or refuses. */
export interface BackfillPlan {
  readonly spec: BackfillSpec;
  readonly kind: BackfillKind;
  readonly datasets: readonly PlannedDataset[];
  readonly partitions: number;
  readonly runs: number;
  readonly rows: number;
  readonly bytes: number;
  readonly seconds: number | null;
  /** What the plan's reads would cost on AWS, in US dollars; it costs nothing on the local engine. */
  readonly dollars: string;
  /** The same by a run for each day, by a run for each range, and as asked; left out where nothing is cut into days. */
  readonly cuts?: readonly PlannedCut[];
  /** Made from what the plan writes, and not in it: they follow with their own refreshes. */
  readonly affected: readonly { readonly dataset: DatasetName; readonly owner: string }[];
  readonly atRisk: readonly RiskyDataset[];
  readonly notes: readonly string[];
  readonly plannedAt: Date;
  /** Changes with anything that changes what would be done. */
  readonly hash: string;
}

export interface StoredBackfill {
  readonly id: string;
  readonly plan: BackfillPlan;
  readonly state: BackfillState;
  readonly parallelism: number;
  readonly requestedBy: string;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export interface PartFailure {
  readonly kind: ErrorKind;
  readonly message: string;
}
