import type { RunState, StepState } from "./run.ts";

export const STEP_EVENTS = ["start", "succeed", "retry", "fail", "skip", "cancel", "abandon"] as const;
/** `retry`: the attempt failed and is tried again; `abandon`: the worker that ran it is gone. */
export type StepEvent = (typeof STEP_EVENTS)[number];

/** What an event makes of a step; null: it cannot happen in that state. Ended states take no event. */
export const STEP_TRANSITIONS: Record<StepState, Record<StepEvent, StepState | null>> = {
  waiting: {
    start: "running",
    succeed: null,
    retry: null,
    fail: null,
    skip: "skipped",
    cancel: "cancelled",
    abandon: "failed",
  },
  running: {
    start: null,
    succeed: "succeeded",
    retry: "retrying",
    fail: "failed",
    skip: "skipped",
    cancel: "cancelled",
    abandon: "failed",
  },
  retrying: {
    start: "running",
    succeed: null,
    retry: null,
    fail: null,
    skip: "skipped",
    cancel: "cancelled",
    abandon: "failed",
  },
  succeeded: ended(),
  failed: ended(),
  skipped: ended(),
  cancelled: ended(),
};

function ended(): Record<StepEvent, null> {
  return { start: null, succeed: null, retry: null, fail: null, skip: null, cancel: null, abandon: null };
}

export function isOpenStep(state: StepState): boolean {
  return STEP_TRANSITIONS[state].cancel !== null;
}

export function isOpenRun(state: RunState): boolean {
  return state === "queued" || state === "running";
}

/** What a run has come to when all its steps have ended: the worst of them. */
export function runOutcome(steps: readonly StepState[]): RunState {
  if (steps.includes("failed")) return "failed";
  return steps.includes("cancelled") ? "cancelled" : "succeeded";
}
