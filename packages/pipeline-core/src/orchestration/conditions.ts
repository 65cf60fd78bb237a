import { z } from "zod";
import type { DatasetName } from "../catalog/index.ts";
import type { Hold, Pause } from "./controls.ts";

/** An input as the scheduler sees it. */
export interface InputFacts {
  readonly input: DatasetName;
  readonly consumed: string | null;
  readonly current: string | null;
  /** False for a model that was never built: its readers wait. */
  readonly readable: boolean;
  readonly running: boolean;
  /** It is about to be refreshed in another pipeline's run. */
  readonly due: boolean;
  /** It is refreshed earlier in the same run. */
  readonly inRun: boolean;
  readonly dataThrough: Date | null;
  readonly targetLagSeconds: number;
}

/** Why a dataset is left alone for a while. */
export interface LeftAlone {
  readonly until: Date;
  readonly because: "failed" | "cancelled";
  readonly runId: string;
}

/** Everything the scheduler decides by, for one dataset at one moment. */
export interface DatasetFacts {
  readonly dataset: DatasetName;
  readonly now: Date;
  readonly pipeline: string;
  readonly runningIn: string | null;
  /** Work that goes before it while every slot is taken; null when it does not wait for a slot. */
  readonly queuedBehind: number | null;
  readonly pause: Pause | null;
  readonly hold: Hold | null;
  /** Its stream changed in a way that a person has to settle before it is loaded; absent for what no stream feeds. */
  readonly awaitsDecision?: boolean;
  readonly leftAlone: LeftAlone | null;
  readonly lastStartedAt: Date | null;
  /** Least time between two refreshes, in milliseconds. */
  readonly intervalMillis: number;
  readonly inputs: readonly InputFacts[];
  readonly codeChanged: boolean;
}

export const CONDITION_IDS = [
  "idle",
  "not-paused",
  "not-held",
  "no-open-drift",
  "not-left-alone",
  "due-by-time",
  "inputs-built",
  "upstream-settled",
  "something-new",
  "slot",
  "inputs-in-time",
] as const;
export type ConditionId = (typeof CONDITION_IDS)[number];

export interface Condition {
  readonly id: ConditionId;
  readonly holds: boolean;
  /** False: it is told, but nothing waits for it. */
  readonly blocks: boolean;
  /** The condition with its value now, as a person reads it. */
  readonly text: string;
  /** When it will hold by itself, if that is known. */
  readonly until: Date | null;
}

/** The conditions of the scheduler with their values; a dataset is refreshed when all that block hold. */
export function judgeConditions(facts: DatasetFacts): Condition[] {
  return [
    idle(facts),
    paused(facts),
    held(facts),
    drifted(facts),
    leftAlone(facts),
    dueByTime(facts),
    inputsBuilt(facts),
    upstreamSettled(facts),
    somethingNew(facts),
    slot(facts),
    inputsInTime(facts),
  ];
}

export function mayRun(conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => condition.holds || !condition.blocks);
}

export const WHY_STATES = ["running", "ready", "up-to-date", "waiting", "stopped"] as const;
/** `stopped`: it does not go on before a person acts. */
export type WhyState = (typeof WHY_STATES)[number];

export interface Explanation {
  readonly dataset: DatasetName;
  readonly state: WhyState;
  /** The one sentence that answers "why is this not running?". */
  readonly headline: string;
  readonly conditions: readonly Condition[];
}

/** How the worker tells of it over HTTP. */
export const explanationSchema: z.ZodType<Explanation> = z.object({
  dataset: z.string(),
  state: z.enum(WHY_STATES),
  headline: z.string(),
  conditions: z.array(
    z.object({
      id: z.enum(CONDITION_IDS),
      holds: z.boolean(),
      blocks: z.boolean(),
      text: z.string(),
      until: z.coerce.date().nullable(),
    }),
  ),
});

export function explain(facts: DatasetFacts): Explanation {
  const conditions = judgeConditions(facts);
  const { dataset } = facts;
  const missing = (id: ConditionId) => conditions.find((one) => one.id === id && !one.holds);
  const answer = (state: WhyState, headline: string): Explanation => ({ dataset, state, headline, conditions });
  if (facts.runningIn !== null) return answer("running", missing("slot")?.text ?? "It is running now.");
  const stopped = missing("not-paused") ?? missing("not-held") ?? missing("no-open-drift");
  if (stopped !== undefined) return answer("stopped", stopped.text);
  const alone = missing("not-left-alone");
  if (alone !== undefined) return answer("waiting", alone.text);
  const first = missing("inputs-built");
  if (first !== undefined) return answer("waiting", first.text);
  if (missing("something-new") !== undefined)
    return answer("up-to-date", missing("inputs-in-time")?.text ?? missing("something-new")?.text ?? "");
  const waits = missing("due-by-time") ?? missing("upstream-settled");
  return waits === undefined
    ? answer("ready", "Every condition holds: it starts with the next look of the scheduler.")
    : answer("waiting", waits.text);
}

/** Inputs with rows that were not read yet; those refreshed earlier in the same run count. */
export function newInputs(facts: Pick<DatasetFacts, "inputs">): DatasetName[] {
  return facts.inputs.filter(({ current, consumed }) => current !== consumed).map(({ input }) => input);
}

function condition(
  id: ConditionId,
  holds: boolean,
  text: string,
  more: Partial<Pick<Condition, "blocks" | "until">> = {},
): Condition {
  return { id, holds, text, blocks: more.blocks ?? true, until: more.until ?? null };
}

function idle({ runningIn }: DatasetFacts): Condition {
  return runningIn === null
    ? condition("idle", true, "It is not running.")
    : condition("idle", false, `It is running in run ${runningIn.slice(0, 8)}.`);
}

function paused({ pause, pipeline }: DatasetFacts): Condition {
  return pause === null
    ? condition("not-paused", true, `Pipeline ${pipeline} is not paused.`)
    : condition(
        "not-paused",
        false,
        `Pipeline ${pipeline} was paused by ${pause.by}; it goes on when somebody resumes it.`,
      );
}

function held({ hold }: DatasetFacts): Condition {
  return hold === null
    ? condition("not-held", true, "It is not rolled back.")
    : condition(
        "not-held",
        false,
        `${hold.by} rolled it back to snapshot ${hold.snapshotId}, before run ${hold.runId.slice(0, 8)}; it stays there until it is released or run again.`,
      );
}

function drifted({ awaitsDecision }: DatasetFacts): Condition {
  return awaitsDecision === true
    ? condition(
        "no-open-drift",
        false,
        "Its stream's columns or key changed, and others rely on what changed: loading waits until somebody settles it in the drift inbox. Raw goes on.",
      )
    : condition("no-open-drift", true, "No change of its stream waits for a decision.");
}

function leftAlone({ leftAlone: alone, now }: DatasetFacts): Condition {
  if (alone === null || alone.until <= now)
    return condition("not-left-alone", true, "It is not being left alone after a failure or a cancel.");
  const what = alone.because === "failed" ? "failed" : "was cancelled";
  return condition(
    "not-left-alone",
    false,
    `It ${what} in run ${alone.runId.slice(0, 8)} and is left alone for ${span(alone.until.getTime() - now.getTime())} more.`,
    { until: alone.until },
  );
}

function dueByTime({ lastStartedAt, intervalMillis, now }: DatasetFacts): Condition {
  const every = `at most every ${span(intervalMillis)}`;
  if (lastStartedAt === null)
    return condition("due-by-time", true, `Due by time: refreshed ${every}, and not yet since the worker started.`);
  const at = new Date(lastStartedAt.getTime() + intervalMillis);
  return at <= now
    ? condition(
        "due-by-time",
        true,
        `Due by time: refreshed ${every}, last begun ${span(now.getTime() - lastStartedAt.getTime())} ago.`,
      )
    : condition(
        "due-by-time",
        false,
        `Due by time in ${span(at.getTime() - now.getTime())}: it is refreshed ${every}.`,
        { until: at },
      );
}

function inputsBuilt({ inputs }: DatasetFacts): Condition {
  const missing = inputs.filter((one) => !one.readable && !one.inRun).map(({ input }) => input);
  return missing.length === 0
    ? condition("inputs-built", true, "Every input was built once.")
    : condition(
        "inputs-built",
        false,
        `It waits until ${missing.join(", ")} ${missing.length === 1 ? "was" : "were"} built once.`,
      );
}

function upstreamSettled({ inputs }: DatasetFacts): Condition {
  const busy = inputs.filter((one) => !one.inRun && (one.running || one.due));
  return busy.length === 0
    ? condition("upstream-settled", true, "No input is running or about to run.")
    : condition(
        "upstream-settled",
        false,
        `It waits for upstream ${busy.map(({ input, running }) => `${input} (${running ? "running" : "about to run"})`).join(", ")}.`,
      );
}

function somethingNew({ inputs, codeChanged }: DatasetFacts): Condition {
  const fresh = newInputs({ inputs });
  const inRun = inputs.filter((one) => one.inRun).map(({ input }) => input);
  if (fresh.length > 0) return condition("something-new", true, `New data in ${fresh.join(", ")}.`);
  if (codeChanged) return condition("something-new", true, "Its code changed.");
  if (inRun.length > 0) return condition("something-new", true, `It follows ${inRun.join(", ")} in the same run.`);
  return condition("something-new", false, "There is no new input: it has read all there is, with the code of now.");
}

function slot({ queuedBehind }: DatasetFacts): Condition {
  if (queuedBehind === null) return condition("slot", true, "It does not wait for a slot.", { blocks: false });
  return condition(
    "slot",
    false,
    queuedBehind === 0
      ? "It waits for a slot and is next."
      : `It waits for a slot behind ${queuedBehind} ${queuedBehind === 1 ? "other" : "others"}.`,
    { blocks: false },
  );
}

function inputsInTime({ inputs, now }: DatasetFacts): Condition {
  const late = inputs.flatMap((one) => {
    const age = one.dataThrough === null ? null : now.getTime() - one.dataThrough.getTime();
    return age === null || age <= one.targetLagSeconds * 1000
      ? []
      : [`${one.input} is through ${span(age)} ago only (allowed ${span(one.targetLagSeconds * 1000)})`];
  });
  return late.length === 0
    ? condition("inputs-in-time", true, "No input is late.", { blocks: false })
    : condition("inputs-in-time", false, `It waits for late data: ${late.join("; ")}.`, { blocks: false });
}

function span(millis: number): string {
  const seconds = Math.max(0, millis) / 1000;
  if (seconds < 120) return `${seconds < 10 ? Math.round(seconds * 10) / 10 : Math.round(seconds)} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
