import { type DatasetName, wallClock } from "../catalog/index.ts";
import { breakerText } from "../connectors/index.ts";
import { gateTime, lateInputs } from "./gate.ts";
import { gateCheckText, waitingDaysText } from "./gate-check.ts";
import type { DatasetFacts, GateFacts } from "./dataset-facts.ts";
import type { ScheduleFacts } from "./scheduling.ts";

export const CONDITION_IDS = [
  "idle",
  "not-paused",
  "schedule-on",
  "not-held",
  "no-open-drift",
  "source-works",
  "not-left-alone",
  "due-by-time",
  "inputs-built",
  "inputs-complete",
  "upstream-settled",
  "something-new",
  "pool",
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
    scheduleOn(facts),
    held(facts),
    drifted(facts),
    sourceWorks(facts),
    leftAlone(facts),
    dueByTime(facts),
    inputsBuilt(facts),
    inputsComplete(facts),
    upstreamSettled(facts),
    somethingNew(facts),
    pooled(facts),
    slot(facts),
    inputsInTime(facts),
  ];
}

export function mayRun(conditions: readonly Condition[]): boolean {
  return conditions.every((condition) => condition.holds || !condition.blocks);
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

function scheduleOn({ schedule }: DatasetFacts): Condition {
  if (schedule === undefined) return condition("schedule-on", true, "It has no schedule: its target lag drives it.");
  return schedule.pause === null
    ? condition("schedule-on", true, `Its schedule, ${scheduleText(schedule)}, is not paused.`)
    : condition(
        "schedule-on",
        false,
        `Its schedule was paused by ${schedule.pause.by}; it goes on with the next tick when somebody resumes it.`,
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

function sourceWorks({ dataset, breakers = [] }: DatasetFacts): Condition {
  const [broken] = breakers.toSorted((left, right) => (left.part === right.part ? 0 : left.part === "load" ? -1 : 1));
  if (broken === undefined) return condition("source-works", true, "Reading and loading its source works.");
  // What came before is worked on, however the source does.
  const blocks = broken.part === "load" && broken.state === "open" && dataset.startsWith("staged.");
  const text = `Source ${broken.source}: ${breakerText(broken.part, broken)}`;
  return condition("source-works", false, text, { blocks, until: broken.until });
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

function dueByTime({ lastStartedAt, intervalMillis, now, schedule }: DatasetFacts): Condition {
  if (schedule !== undefined) return dueBySchedule(schedule);
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

function dueBySchedule(schedule: ScheduleFacts): Condition {
  const { dueSince, next, zone } = schedule;
  if (dueSince !== null)
    return condition("due-by-time", true, `Due by its schedule since ${wallClock(dueSince, zone)} (${zone}).`);
  const when = next === null ? "never again" : `next at ${wallClock(next, zone)} (${zone})`;
  return condition("due-by-time", false, `It runs by its schedule, ${schedule.cron}: ${when}.`, { until: next });
}

function scheduleText({ cron, zone }: ScheduleFacts): string {
  return `${cron} in ${zone}`;
}

function inputsBuilt({ inputs, awaitsFirstRead }: DatasetFacts): Condition {
  if (awaitsFirstRead === true)
    return condition(
      "inputs-built",
      false,
      "The rows of its stream are read for the first time: it is loaded when all of them are in raw.",
    );
  const missing = inputs.filter((one) => !one.readable && !one.inRun).map(({ input }) => input);
  return missing.length === 0
    ? condition("inputs-built", true, "Every input was built once.")
    : condition(
        "inputs-built",
        false,
        `It waits until ${missing.join(", ")} ${missing.length === 1 ? "was" : "were"} built once.`,
      );
}

function inputsComplete({ gate, now }: DatasetFacts): Condition {
  const say = (holds: boolean, text: string, until: Date | null = null): Condition =>
    condition("inputs-complete", holds, text, { until });
  if (gate === undefined) return say(true, "It has no gate: it takes its inputs as far as they are.");
  const days = gate.check === undefined ? null : waitingDaysText(gate.check);
  const waiting = days === null ? "" : ` ${days}. Days that are ready run.`;
  if (gate.through === null) return say(true, `Its gate has nothing to wait for now.${waiting}`);
  const needed = `through ${gateTime(gate, gate.through)}`;
  if (gate.late.length === 0)
    return checkHolds(gate, `Its inputs are complete ${needed}, as its gate asks for.${waiting}`);
  const late = lateInputs(gate);
  const limit = gate.until === null ? "" : gateTime(gate, gate.until);
  if (gate.until !== null && gate.until <= now)
    return gate.afterThat === "run"
      ? checkHolds(gate, `It waited until ${limit} for inputs complete ${needed} and goes without: ${late}.${waiting}`)
      : say(
          false,
          `Its inputs are not complete ${needed}, later than ${limit}: ${late}. It stays until they are, or until somebody runs it.`,
        );
  const next = gate.afterThat === "run" ? `At ${limit} it runs with what there is.` : `It says so after ${limit}.`;
  return say(
    false,
    `It waits until its inputs are complete ${needed}: ${late}. ${next}`,
    gate.afterThat === "run" ? gate.until : null,
  );
}

/** Once the inputs are complete, or no longer waited for: what their rows say. `text`: what is said of that. */
function checkHolds(gate: GateFacts, text: string): Condition {
  const { check, afterThat } = gate;
  const say = (holds: boolean, more: string, until: Date | null = null): Condition =>
    condition("inputs-complete", holds, `${text}${more}`, { until });
  if (check === undefined) return say(true, "");
  if (check.value === null) return say(false, ` It waits: ${gateCheckText(check)}.`);
  if (check.per === "day") return say(true, "");
  if (check.value > 0) return say(true, ` Check ${check.name} gives ${check.value}.`);
  const limit = check.until === null ? "" : gateTime(gate, check.until);
  if (check.opens) return say(true, ` It waited until ${limit} and goes without: ${gateCheckText(check)}.`);
  return afterThat === "run"
    ? say(false, ` It waits: ${gateCheckText(check)}. At ${limit} it runs with what there is.`, check.until)
    : say(false, ` It waits: ${gateCheckText(check)}. It stays until that holds, or until somebody runs it.`);
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

function somethingNew({ inputs, codeChanged, schedule }: DatasetFacts): Condition {
  const fresh = newInputs({ inputs });
  const inRun = inputs.filter((one) => one.inRun).map(({ input }) => input);
  if (fresh.length > 0) return condition("something-new", true, `New data in ${fresh.join(", ")}.`);
  if (codeChanged) return condition("something-new", true, "Its code changed.");
  if (inRun.length > 0) return condition("something-new", true, `It follows ${inRun.join(", ")} in the same run.`);
  if (schedule !== undefined && schedule.dueSince !== null)
    return condition("something-new", true, "Nothing is new; its schedule runs it, and the run says that.");
  return condition("something-new", false, "There is no new input: it has read all there is, with the code of now.");
}

function pooled({ pool }: DatasetFacts): Condition {
  const waits = pool?.queuedBehind ?? null;
  if (pool === undefined || waits === null) {
    const text = pool === undefined ? "It belongs to no pool." : `It does not wait for its pool, ${pool.name}.`;
    return condition("pool", true, text, { blocks: false });
  }
  const holders = `${pool.holders.join(", ")} ${pool.holders.length === 1 ? "has its only place" : "have its places"}`;
  const text = `It waits for pool ${pool.name} (${pool.size} at once): ${holders}${waits === 0 ? "; it is next" : `, and ${waits} wait before it`}.`;
  return condition("pool", false, text, { blocks: false });
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
