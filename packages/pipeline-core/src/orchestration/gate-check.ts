import type { Gate, GateCheck } from "../catalog/index.ts";
import { DAY, SECOND } from "../kernel/index.ts";
import { type Day, dayAt, dayNumber } from "./backfill-days.ts";
import type { ConsumedInputs } from "./run.ts";

/** One row of the answer; `day` null: for the model as a whole. More than 0 is ready. */
export interface GateAnswer {
  readonly day: Day | null;
  readonly value: number;
}

/** When the inputs were asked, at which snapshots, and what they said. */
export interface GateLook {
  readonly at: Date;
  readonly inputs: ConsumedInputs;
  readonly answers: readonly GateAnswer[];
  /** Why they could not be asked; then nothing is ready. */
  readonly failed?: string;
}

/** The days that a refresh may compute: all before one, and those that are ready. */
export interface DaysLetThrough {
  readonly column: string;
  /** Days before it have waited long enough; null: none ever has. */
  readonly before: Day | null;
  readonly ready: readonly Day[];
}

/** A day that waits; `value` null: the check has no row for it. */
export interface WaitingDay {
  readonly day: Day;
  readonly value: number | null;
}

/** What a refresh left out for days that were not ready, and what it had before it. */
export interface HeldBack {
  readonly days: readonly WaitingDay[];
  /** Snapshots of the inputs that it read. */
  readonly inputs: ConsumedInputs;
  readonly letThrough: DaysLetThrough;
}

/** How the check of a gate stands at one moment. */
export interface GateCheckFacts {
  readonly name: string;
  readonly description: string;
  readonly per: GateCheck["per"];
  /** Null: the inputs were not asked yet since the model is due. */
  readonly value: number | null;
  /** Why the newest look found nothing. */
  readonly failed: string | null;
  /** The model may go as far as the check is concerned: it holds, or days of it do. */
  readonly opens: boolean;
  /** Until when a check of the whole model is waited for; null while it holds. */
  readonly until: Date | null;
  /** `per: day`, in order: those that wait. */
  readonly waiting: readonly WaitingDay[];
  /** `per: day`, by the newest look, also one that is too old to run by. */
  readonly letThrough: DaysLetThrough | null;
}

export interface GateCheckMoment {
  readonly now: Date;
  /** The model's column of days (`dayColumn`). */
  readonly column: string | null;
  /** From when on the check of the whole model is waited for. */
  readonly from: Date;
  /** The newest look; absent: none yet. */
  readonly look: GateLook | undefined;
  /** Looks before that are too old to go by; null: none is. */
  readonly since: Date | null;
  /** What the last refresh found changed and did not compute; undefined when that is nothing. */
  readonly heldBack: HeldBack | undefined;
}

/** Judges the check of a gate by what the inputs said; undefined without one. */
export function gateCheckFacts(gate: Gate, moment: GateCheckMoment): GateCheckFacts | undefined {
  const { check } = gate;
  if (check === undefined) return undefined;
  const { now, from, look, since, heldBack, column } = moment;
  const { name, description, per } = check;
  const millis = (check.at_most ?? gate.at_most) * SECOND;
  const known = look !== undefined && (since === null || look.at >= since);
  const common = { name, description, per, failed: (known ? look.failed : undefined) ?? null };
  if (per === "model" || column === null) {
    const value = known ? (look.answers[0]?.value ?? 0) : null;
    const ready = value !== null && value > 0;
    const until = value === null || ready ? null : new Date(from.getTime() + millis);
    const passed = gate.after_that === "run" && until !== null && until <= now;
    return { ...common, value, opens: ready || passed, until, waiting: [], letThrough: null };
  }
  const before = gate.after_that === "run" ? dayAt(new Date(now.getTime() - millis)) : null;
  const asked = new Map((look?.answers ?? []).flatMap(({ day, value }) => (day === null ? [] : [[day, value]])));
  // What was known when they were left out, until the inputs are asked again.
  const held =
    look === undefined
      ? (heldBack?.days ?? []).flatMap(({ day, value }) => (value === null ? [] : [[day, value] as const]))
      : [];
  const values = new Map([...held, ...asked]);
  const waits = (day: Day): boolean => (values.get(day) ?? 0) <= 0 && (before === null || day >= before);
  const waiting = [...new Set([...values.keys(), ...(heldBack?.days ?? []).map(({ day }) => day)])]
    .filter(waits)
    .toSorted()
    .map((day) => ({ day, value: values.get(day) ?? null }));
  const told = [...values].filter(([, value]) => value > 0).map(([day]) => day);
  const ready = look === undefined ? (heldBack?.letThrough.ready ?? null) : told.toSorted();
  const letThrough = ready === null ? null : { column, before, ready };
  return { ...common, value: known ? told.length : null, opens: known, until: null, waiting, letThrough };
}

/** When a day that waits has waited long enough; null: it stays until it is ready. */
export function dayWaitsUntil(gate: Gate, day: Day): Date | null {
  if (gate.check === undefined || gate.after_that === "stay") return null;
  return new Date((dayNumber(day) + 1) * DAY + (gate.check.at_most ?? gate.at_most) * SECOND);
}

/** The days that wait, as people read it; null: none does. */
export function waitingDaysText({ name, description, waiting, failed }: GateCheckFacts): string | null {
  if (waiting.length === 0) return null;
  const shown = waiting.slice(-5).map(({ day, value }) => `${day} (${value === null ? "no row" : value})`);
  const more = waiting.length - shown.length;
  const days = `${waiting.length} ${waiting.length === 1 ? "day waits" : "days wait"}`;
  return `${days} for check ${name} (${description}): ${more > 0 ? `${more} more, ` : ""}${shown.join(", ")}${failed === null ? "" : `; it could not be asked: ${failed}`}`;
}

/** Why the check of the whole model is not there, as people read it. */
export function gateCheckText({ name, description, value, failed }: GateCheckFacts): string {
  const check = `check ${name} (${description})`;
  if (value === null) return `its inputs are being asked for ${check}`;
  return failed === null ? `${check} gives ${value}` : `${check} could not be asked: ${failed}`;
}
