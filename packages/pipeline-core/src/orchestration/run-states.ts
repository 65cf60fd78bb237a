import type { RunState, StepState } from "./run.ts";

export const STEP_EVENTS = [
  "start",
  "succeed",
  "retry",
  "fail",
  "skip",
  "cancel",
  "abandon",
  "mark-done",
  "mark-failed",
  "unmark-failed",
  "unmark-skipped",
] as const;
/**
 * `retry`: the attempt failed and is tried again; `abandon`: the worker that ran it is gone; `mark-…`: a person says so;
 * `unmark-…`: and takes it back, of a step that had failed or was skipped before.
 */
export type StepEvent = (typeof STEP_EVENTS)[number];

/** What an event makes of a step; null: it cannot happen in that state. Ended states take no event but a mark. */
export const STEP_TRANSITIONS: Record<StepState, Record<StepEvent, StepState | null>> = {
  waiting: {
    start: "running",
    succeed: null,
    retry: null,
    fail: null,
    skip: "skipped",
    cancel: "cancelled",
    abandon: "failed",
    "mark-done": null,
    "mark-failed": "failed",
    "unmark-failed": null,
    "unmark-skipped": null,
  },
  running: {
    start: null,
    succeed: "succeeded",
    retry: "retrying",
    fail: "failed",
    skip: "skipped",
    cancel: "cancelled",
    abandon: "failed",
    "mark-done": null,
    "mark-failed": "failed",
    "unmark-failed": null,
    "unmark-skipped": null,
  },
  retrying: {
    start: "running",
    succeed: null,
    retry: null,
    fail: null,
    skip: "skipped",
    cancel: "cancelled",
    abandon: "failed",
    "mark-done": null,
    "mark-failed": "failed",
    "unmark-failed": null,
    "unmark-skipped": null,
  },
  succeeded: ended(),
  failed: { ...ended(), "mark-done": "done-by-hand" },
  // Only where it waited for a step that did not succeed; see `marksOf`.
  skipped: { ...ended(), "mark-done": "done-by-hand" },
  cancelled: ended(),
  // Only while nothing went on from it; see `chooseUnmarked`.
  "done-by-hand": { ...ended(), "unmark-failed": "failed", "unmark-skipped": "skipped" },
};

function ended(): Record<StepEvent, null> {
  return {
    start: null,
    succeed: null,
    retry: null,
    fail: null,
    skip: null,
    cancel: null,
    abandon: null,
    "mark-done": null,
    "mark-failed": null,
    "unmark-failed": null,
    "unmark-skipped": null,
  };
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
