import type { RunDetail, RunStep } from "@nova/db/read-models";
import type { StepState } from "@nova/pipeline-core/orchestration";

/** What a step did during a span: it waited for steps before it, for its turn, for the next try, or an attempt ran. */
export type SegmentKind = "waiting" | "queued" | "retry-wait" | "running" | "succeeded" | "failed" | "cancelled";

export interface TimelineSegment {
  readonly kind: SegmentKind;
  /** Attempt number; null while waiting. */
  readonly attempt: number | null;
  /** Share of the axis, 0–1. */
  readonly left: number;
  readonly width: number;
  readonly seconds: number;
}

export interface TimelineRow {
  readonly dataset: string;
  readonly state: StepState;
  readonly segments: readonly TimelineSegment[];
}

export interface TimelineTick {
  readonly left: number;
  /** Seconds since the run was made. */
  readonly seconds: number;
}

export interface Timeline {
  readonly rows: readonly TimelineRow[];
  readonly ticks: readonly TimelineTick[];
  readonly totalSeconds: number;
}

const NICE_STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 21_600, 86_400];

/** Lays steps out on one axis from the run's making to its end, or to `now` while it runs. */
export function prepareTimeline(
  run: Pick<RunDetail, "createdAt" | "endedAt">,
  steps: readonly RunStep[],
  now: number,
): Timeline {
  const start = run.createdAt.getTime();
  const latest = Math.max(start, ...steps.map((step) => lastMoment(step)));
  // A clock behind the server's must not make the axis shorter than what is on it.
  const end = Math.max(run.endedAt?.getTime() ?? now, latest, start + 100);
  const span = end - start;
  const segment = (kind: SegmentKind, attempt: number | null, from: number, to: number): TimelineSegment => ({
    kind,
    attempt,
    left: (from - start) / span,
    width: Math.max(0, to - from) / span,
    seconds: Math.max(0, to - from) / 1_000,
  });
  const endOf = new Map(steps.map((step) => [step.dataset, step.endedAt?.getTime() ?? end]));
  const rows = steps.map((step): TimelineRow => {
    const segments: TimelineSegment[] = [];
    let cursor = Math.max(start, step.waitingSince.getTime());
    // With all steps before it done, it only waits for its turn.
    const ready = Math.max(cursor, ...step.after.map((before) => endOf.get(before) ?? cursor));
    const waitUntil = (to: number): void => {
      const turn = Math.min(ready, to);
      if (turn > cursor) segments.push(segment("waiting", null, cursor, turn));
      if (to > turn) segments.push(segment("queued", null, turn, to));
    };
    for (const attempt of step.attempts) {
      const from = attempt.startedAt.getTime();
      if (from > cursor && attempt.number === 1) waitUntil(from);
      else if (from > cursor) segments.push(segment("retry-wait", null, cursor, from));
      const to = attempt.endedAt?.getTime() ?? end;
      segments.push(segment(attempt.state, attempt.number, from, to));
      cursor = to;
    }
    if (step.state === "waiting") waitUntil(end);
    if (step.state === "failed" && step.attempts.length === 0) waitUntil(step.endedAt?.getTime() ?? end);
    if (step.state === "retrying") segments.push(segment("retry-wait", null, cursor, end));
    return { dataset: step.dataset, state: step.state, segments };
  });
  return { rows, ticks: ticksOf(span / 1_000), totalSeconds: span / 1_000 };
}

function lastMoment(step: RunStep): number {
  const attempts = step.attempts.map((attempt) => (attempt.endedAt ?? attempt.startedAt).getTime());
  return Math.max(step.endedAt?.getTime() ?? 0, ...attempts);
}

/** Round marks, at most seven. */
function ticksOf(seconds: number): TimelineTick[] {
  const step = NICE_STEPS.find((nice) => seconds / nice <= 6) ?? Math.ceil(seconds / 6 / 86_400) * 86_400;
  const count = Math.floor(seconds / step);
  return Array.from({ length: count + 1 }, (_, index) => ({
    left: (index * step) / seconds,
    seconds: Math.round(index * step * 10) / 10,
  }));
}
