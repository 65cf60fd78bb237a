import type { ModelFile } from "@nova/pipeline-core/catalog";
import {
  type DatasetFacts,
  type DaysLetThrough,
  type GateFacts,
  gateFacts,
  gateReason,
  judgeConditions,
  mayRun,
  newInputs,
  type ScheduleFacts,
  scheduleFacts,
} from "@nova/pipeline-core/orchestration";
import { liveInputs } from "./carry-freshness.ts";
import type { Pace, PipelineContext } from "./context.ts";
import { gateCheckOf, wasReadExceptDays } from "./look-at-gates.ts";
import { consumedOf, type LakeState, type ModelTimes } from "./lake-state.ts";

/** A model that has new input and may run now, with the reason a person reads on its step. */
export interface DueModel {
  readonly model: ModelFile;
  readonly reason: string;
  /** Days that the check of its gate lets through; absent: all. */
  readonly letThrough?: DaysLetThrough;
}

/** How long to wait between two refreshes of a model, in milliseconds. */
export function refreshInterval(model: ModelFile, pace: Pick<Pace, "model" | "lagShare">): number {
  return Math.max(pace.model, model.header.target_lag * 1000 * pace.lagShare);
}

/**
 * Models of one pipeline to refresh now. A model waits for upstream models that run or are about to, so that it is not
 * refreshed twice for one change; those of the same pipeline come in the same run.
 */
export function dueModels(judged: readonly JudgedModel[], pipeline: string): DueModel[] {
  return judged
    .filter(({ model, due }) => due && model.header.pipeline === pipeline)
    .map(({ model, facts }) => ({ model, reason: reasonToRun(facts), ...letThroughOf(facts) }));
}

export interface JudgedModel {
  readonly model: ModelFile;
  readonly facts: DatasetFacts;
  readonly due: boolean;
  /** When the first of the conditions that keep it back holds by itself; null when none does. */
  readonly until: Date | null;
}

/** Every model with the facts the scheduler decides by, and whether it is due; inputs come before those who read them. */
export function judgeModels(context: PipelineContext, times: ModelTimes): JudgedModel[] {
  const due = new Map<string, ModelFile>();
  return context.definitions.models.map((model) => {
    const facts = modelFacts(context, times, model, due);
    const conditions = judgeConditions(facts);
    const runs = mayRun(conditions);
    if (runs) due.set(model.name, model);
    const waits = conditions.flatMap(({ holds, until }) => (holds || until === null ? [] : [until]));
    return {
      model,
      facts,
      due: runs,
      until: waits.toSorted((left, right) => left.getTime() - right.getTime())[0] ?? null,
    };
  });
}

function modelFacts(
  context: PipelineContext,
  times: ModelTimes,
  model: ModelFile,
  due: ReadonlyMap<string, ModelFile>,
): DatasetFacts {
  const { state, clock, pace } = context;
  const now = clock.now();
  const stored = state.schedules.get(model.name);
  const schedule = stored === undefined ? undefined : firstWhenLoaded(state, model, scheduleFacts(stored, now));
  const gate = gateOf(context, model, now);
  const gated = gate === undefined ? {} : { gate };
  const startedAt = times.startedAt.get(model.name);
  const version = state.codeVersions.get(model.name);
  return {
    dataset: model.name,
    now,
    pipeline: model.header.pipeline,
    runningIn: times.running.has(model.name) ? (state.runningIn.get(model.name) ?? "about to start") : null,
    queuedBehind: null,
    pause: state.pauses.get(model.header.pipeline) ?? null,
    hold: state.holds.get(model.name) ?? null,
    leftAlone: state.leftAlone.get(model.name) ?? null,
    // One that is still to come tells of a clock that was set back since: it must not hold the model back until then.
    lastStartedAt: startedAt === undefined || startedAt > now.getTime() ? null : new Date(startedAt),
    intervalMillis: refreshInterval(model, pace),
    ...(schedule === undefined ? {} : { schedule }),
    ...gated,
    inputs: Object.keys(model.header.inputs).map((input) => ({
      input,
      consumed: wasReadExceptDays(state, { dataset: model.name, ...gated }, input)
        ? (state.snapshots.get(input) ?? null)
        : (consumedOf(state, model.name).get(input) ?? null),
      current: state.snapshots.get(input) ?? null,
      // A model over models waits until they were built once; staged inputs without a table read as empty.
      readable: input.startsWith("staged.") || (state.snapshots.get(input) ?? null) !== null,
      running: times.running.has(input),
      due: due.has(input),
      inRun: due.get(input)?.header.pipeline === model.header.pipeline,
      dataThrough: state.dataThrough.get(input) ?? null,
      targetLagSeconds: state.entries.get(input)?.targetLagSeconds ?? Number.POSITIVE_INFINITY,
    })),
    codeChanged: version !== undefined && version !== model.codeVersion,
  };
}

/** A model that never ran is due at once, but not before the models it reads were loaded: it would lack rows until a tick. */
function firstWhenLoaded(state: LakeState, model: ModelFile, facts: ScheduleFacts): ScheduleFacts {
  const never = state.schedules.get(model.name)?.handledThrough === null;
  const models = Object.keys(model.header.inputs).filter((input) => !input.startsWith("staged."));
  const waits = never && models.some((input) => (state.dataThrough.get(input) ?? null) === null);
  return waits ? { ...facts, dueSince: null } : facts;
}

/** How the model's gate stands; undefined for a model without one. */
function gateOf(context: PipelineContext, model: ModelFile, now: Date): GateFacts | undefined {
  if (model.header.gate === undefined) return undefined;
  const { state, beganAt } = context;
  const stored = state.schedules.get(model.name);
  const schedule = stored === undefined ? undefined : scheduleFacts(stored, now);
  return gateFacts(model.header, {
    now,
    schedule,
    ...gateCheckOf(context, model, schedule),
    firstRun: (state.snapshots.get(model.name) ?? null) === null || stored?.handledThrough === null,
    watchedSince: beganAt,
    inputs: liveInputs(context, model).map((input) => ({ input, dataThrough: state.dataThrough.get(input) ?? null })),
  });
}

/** What a plan says of inputs that the dataset's gate would wait for; null when there is none. */
export function lateAtGate(context: PipelineContext, dataset: string, now: Date): string | null {
  const model = context.definitions.models.find(({ name }) => name === dataset);
  const gate = model === undefined ? undefined : gateOf(context, model, now);
  const complete = gate === undefined || (gate.late.length === 0 && gate.check?.value !== 0);
  return complete ? null : gateReason(gate, now);
}

/** A model without rows, or one whose code changed, is built as a whole. */
function letThroughOf({ gate, codeChanged }: DatasetFacts): Pick<DueModel, "letThrough"> {
  const days = gate?.through === null || codeChanged ? null : gate?.check?.letThrough;
  return days === null || days === undefined ? {} : { letThrough: days };
}

function reasonToRun(facts: DatasetFacts): string {
  const gate = gateReason(facts.gate, facts.now);
  return gate === null ? whyNow(facts) : `${whyNow(facts)}; ${gate}`;
}

function whyNow(facts: DatasetFacts): string {
  if (facts.schedule !== undefined) return `by its schedule, ${facts.schedule.cron} in ${facts.schedule.zone}`;
  const news = newInputs(facts);
  if (news.length > 0) return `new data in ${news.join(", ")}`;
  if (facts.codeChanged) return "the model's code changed";
  const inRun = facts.inputs.filter((one) => one.inRun).map(({ input }) => input);
  return `after ${inRun.join(", ")}`;
}
