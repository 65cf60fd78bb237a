import { z } from "zod";
import type { Action } from "../access/index.ts";
import { datasetNameSchema } from "../catalog/index.ts";
import { parallelismSchema } from "./backfill.ts";
import { MARKS } from "./mark-steps.ts";
import { poolPlacesSchema } from "./pools.ts";

export const COMMAND_KINDS = [
  "run-dataset",
  "cancel-run",
  "retry-run",
  "mark-run",
  "unmark-run",
  "rollback-dataset",
  "release-dataset",
  "pause-pipeline",
  "resume-pipeline",
  "pause-schedule",
  "resume-schedule",
  "submit-backfill",
  "pause-backfill",
  "resume-backfill",
  "cancel-backfill",
  "retry-backfill",
  "set-backfill-parallelism",
  "set-pool",
  "reset-pool",
] as const;
export type CommandKind = (typeof COMMAND_KINDS)[number];

/** `done`: carried out, or begun as a run; `refused`: nothing was changed, the reason says why. */
export const COMMAND_STATES = ["queued", "taken", "done", "refused"] as const;
export type CommandState = (typeof COMMAND_STATES)[number];

const run = z.uuid("must be a run's id");
const backfill = z.uuid("must be a backfill's id");
const pipeline = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, "must be a pipeline's name, e.g. sales");

const pool = z.string().regex(/^[a-z][a-z0-9_]{0,99}$/, "must be a pool's name, e.g. heavy");

/** Why somebody did it, in one line; it stands in the audit and wherever its effect is shown. */
export const reasonSchema = z
  .string("must be a text")
  .trim()
  .min(3, "must say why, in at least 3 characters")
  .max(300, "must have at most 300 characters")
  .regex(/^\P{Cc}*$/u, "must be one line");

/** Which steps of a run are done again. */
export const RETRY_SCOPES = ["all", "failed", "selected", "from"] as const;
export type RetryScope = (typeof RETRY_SCOPES)[number];

/** What a person asks for. `target` is the dataset, run, pipeline, backfill or pool it is about. */
export const commandRequestSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("run-dataset"),
    target: datasetNameSchema,
    /** Also everything made from it. */
    downstream: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("cancel-run"), target: run }),
  z.strictObject({
    kind: z.literal("retry-run"),
    target: run,
    scope: z.enum(RETRY_SCOPES, `must be one of ${RETRY_SCOPES.join(", ")}`),
    /** For `selected` the steps, for `from` the one to begin at; else empty. */
    datasets: z.array(datasetNameSchema).max(500, "must name at most 500 datasets").default([]),
  }),
  /** Says what became of steps in place of the platform; changes no rows. */
  z.strictObject({
    kind: z.literal("mark-run"),
    target: run,
    as: z.enum(MARKS, `must be one of ${MARKS.join(", ")}`),
    /** Empty: every step that failed, or has not ended. */
    datasets: z.array(datasetNameSchema).max(500, "must name at most 500 datasets").default([]),
    reason: reasonSchema,
  }),
  /** Takes marks as done back, while nothing went on from them. */
  z.strictObject({
    kind: z.literal("unmark-run"),
    target: run,
    /** Empty: every one. */
    datasets: z.array(datasetNameSchema).max(500, "must name at most 500 datasets").default([]),
  }),
  z.strictObject({ kind: z.literal("rollback-dataset"), target: datasetNameSchema, runId: run }),
  z.strictObject({ kind: z.literal("release-dataset"), target: datasetNameSchema }),
  z.strictObject({ kind: z.literal("pause-pipeline"), target: pipeline }),
  z.strictObject({ kind: z.literal("resume-pipeline"), target: pipeline }),
  /** Nothing by its schedule until it is resumed; it is still run when somebody asks for it. */
  z.strictObject({ kind: z.literal("pause-schedule"), target: datasetNameSchema }),
  z.strictObject({ kind: z.literal("resume-schedule"), target: datasetNameSchema }),
  /** Executes the plan as it was shown, or is refused because the world moved. */
  z.strictObject({ kind: z.literal("submit-backfill"), target: backfill }),
  z.strictObject({ kind: z.literal("pause-backfill"), target: backfill }),
  z.strictObject({ kind: z.literal("resume-backfill"), target: backfill }),
  z.strictObject({
    kind: z.literal("cancel-backfill"),
    target: backfill,
    /** Also interrupts the runs that are at it; else they end by themselves. */
    inFlight: z.boolean().default(false),
  }),
  z.strictObject({ kind: z.literal("retry-backfill"), target: backfill }),
  z.strictObject({ kind: z.literal("set-backfill-parallelism"), target: backfill, parallelism: parallelismSchema }),
  /** As many steps at once as this, in place of what the code says, until it is reset. */
  z.strictObject({ kind: z.literal("set-pool"), target: pool, places: poolPlacesSchema, reason: reasonSchema }),
  /** As many places again as the code says. */
  z.strictObject({ kind: z.literal("reset-pool"), target: pool, reason: reasonSchema }),
]);
export type CommandRequest = z.infer<typeof commandRequestSchema>;

export interface Command {
  readonly id: string;
  readonly request: CommandRequest;
  /** E-mail, or `operator` for the command line without a person. */
  readonly requestedBy: string;
  readonly key: string;
  readonly state: CommandState;
  /** What it did, or why it was refused; empty until it is settled. */
  readonly message: string;
  /** The run that it began or acted on. */
  readonly runId: string | null;
  readonly createdAt: Date;
  readonly takenAt: Date | null;
  readonly settledAt: Date | null;
}

export interface CommandOutcome {
  readonly state: "done" | "refused";
  readonly message: string;
  readonly runId: string | null;
}

/** The right that each kind asks for. */
export const COMMAND_ACTION: Record<CommandKind, Action> = {
  "run-dataset": "runs.run",
  "cancel-run": "runs.cancel",
  "retry-run": "runs.retry",
  "mark-run": "runs.mark",
  "unmark-run": "runs.mark",
  "rollback-dataset": "datasets.roll-back",
  "release-dataset": "datasets.roll-back",
  "pause-pipeline": "pipelines.pause",
  "resume-pipeline": "pipelines.pause",
  "pause-schedule": "pipelines.pause",
  "resume-schedule": "pipelines.pause",
  "submit-backfill": "backfills.run",
  "pause-backfill": "backfills.run",
  "resume-backfill": "backfills.run",
  "cancel-backfill": "backfills.run",
  "retry-backfill": "backfills.run",
  "set-backfill-parallelism": "backfills.run",
  "set-pool": "pools.change",
  "reset-pool": "pools.change",
};

export const COMMAND_EVENTS = ["take", "take-over", "finish", "refuse"] as const;
/** `take-over`: a worker of a newer lease finds it taken and not settled. */
export type CommandEvent = (typeof COMMAND_EVENTS)[number];

/** What an event makes of a command; null: it cannot happen in that state. */
export const COMMAND_TRANSITIONS: Record<CommandState, Record<CommandEvent, CommandState | null>> = {
  queued: { take: "taken", "take-over": null, finish: null, refuse: null },
  taken: { take: null, "take-over": "taken", finish: "done", refuse: "refused" },
  done: { take: null, "take-over": null, finish: null, refuse: null },
  refused: { take: null, "take-over": null, finish: null, refuse: null },
};

/** The same text for the same ask: two people asking at once ask for one thing. */
export function commandFingerprint(request: CommandRequest): string {
  const { kind, target, ...rest } = request;
  const named = Object.entries(rest).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([
    kind,
    target,
    ...named.map(([name, value]) => [name, isList(value) ? value.toSorted() : value]),
  ]);
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value);
}

/** The command line that asks for the same. */
export function commandLine(request: CommandRequest): string {
  switch (request.kind) {
    case "run-dataset":
      return `npm run nova -- run ${request.target}${request.downstream ? " --downstream" : ""}`;
    case "cancel-run":
      return `npm run nova -- cancel ${request.target}`;
    case "retry-run":
      return `npm run nova -- retry ${request.target}${retryFlags(request.scope, request.datasets)}`;
    case "mark-run":
      return `npm run nova -- runs mark ${request.target} ${request.as}${stepFlags(request.datasets)} --reason ${quoted(request.reason)}`;
    case "unmark-run":
      return `npm run nova -- runs unmark ${request.target}${stepFlags(request.datasets)}`;
    case "rollback-dataset":
      return `npm run nova -- rollback ${request.target} --run ${request.runId}`;
    case "release-dataset":
      return `npm run nova -- release ${request.target}`;
    case "pause-pipeline":
      return `npm run nova -- pause ${request.target}`;
    case "resume-pipeline":
      return `npm run nova -- resume ${request.target}`;
    case "pause-schedule":
      return `npm run nova -- schedules pause ${request.target}`;
    case "resume-schedule":
      return `npm run nova -- schedules resume ${request.target}`;
    case "submit-backfill":
      return `npm run nova -- backfill submit ${request.target}`;
    case "pause-backfill":
      return `npm run nova -- backfill pause ${request.target}`;
    case "resume-backfill":
      return `npm run nova -- backfill resume ${request.target}`;
    case "cancel-backfill":
      return `npm run nova -- backfill cancel ${request.target}${request.inFlight ? " --in-flight" : ""}`;
    case "retry-backfill":
      return `npm run nova -- backfill retry ${request.target}`;
    case "set-backfill-parallelism":
      return `npm run nova -- backfill parallelism ${request.target} ${request.parallelism}`;
    case "set-pool":
      return `npm run nova -- pools set ${request.target} ${request.places} --reason ${quoted(request.reason)}`;
    case "reset-pool":
      return `npm run nova -- pools reset ${request.target} --reason ${quoted(request.reason)}`;
  }
}

function stepFlags(datasets: readonly string[]): string {
  return datasets.map((dataset) => ` --step ${dataset}`).join("");
}

/** One word of a POSIX shell, whatever the text holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function retryFlags(scope: RetryScope, datasets: readonly string[]): string {
  switch (scope) {
    case "all":
    case "failed":
      return ` --${scope}`;
    case "selected":
      return datasets.map((dataset) => ` --dataset ${dataset}`).join("");
    case "from":
      return ` --from ${datasets[0] ?? ""}`;
  }
}
