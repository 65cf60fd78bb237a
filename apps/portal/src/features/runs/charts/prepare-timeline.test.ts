import type { RunAttempt, RunStep } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { prepareTimeline } from "./prepare-timeline.ts";

const START = new Date("2026-11-23T10:00:00Z").getTime();
const at = (seconds: number): Date => new Date(START + seconds * 1_000);
const attempt = (number: number, state: RunAttempt["state"], from: number, to: number | null): RunAttempt => ({
  number,
  state,
  startedAt: at(from),
  endedAt: to === null ? null : at(to),
  errorKind: null,
  errorMessage: null,
});
const step = (over: Partial<RunStep>): RunStep => ({
  dataset: "curated.orders",
  state: "succeeded",
  reason: "",
  after: [],
  waitingSince: at(0),
  startedAt: null,
  endedAt: null,
  retryAt: null,
  rowsIn: null,
  rowsOut: null,
  bytes: null,
  scannedBytes: null,
  billedBytes: null,
  snapshotBefore: null,
  snapshotAfter: null,
  skipReason: null,
  mark: null,
  key: null,
  errorKind: null,
  errorMessage: null,
  attempts: [],
  ...over,
});
const ended = { createdAt: at(0), endedAt: at(10) };

describe("the timeline of a run", () => {
  it("shows queueing, then each attempt, with the pause before the next try", () => {
    const { rows, totalSeconds } = prepareTimeline(
      ended,
      [step({ endedAt: at(8), attempts: [attempt(1, "failed", 2, 4), attempt(2, "succeeded", 5, 8)] })],
      0,
    );
    expect(totalSeconds).toBe(10);
    expect(rows[0]?.segments).toEqual([
      { kind: "queued", attempt: null, left: 0, width: 0.2, seconds: 2 },
      { kind: "failed", attempt: 1, left: 0.2, width: 0.2, seconds: 2 },
      { kind: "retry-wait", attempt: null, left: 0.4, width: 0.1, seconds: 1 },
      { kind: "succeeded", attempt: 2, left: 0.5, width: 0.3, seconds: 3 },
    ]);
  });

  it("draws what is not over up to now", () => {
    const { rows } = prepareTimeline(
      { createdAt: at(0), endedAt: null },
      [
        step({ state: "running", attempts: [attempt(1, "running", 5, null)] }),
        step({ state: "waiting" }),
        step({ state: "retrying", attempts: [attempt(1, "failed", 0, 10)] }),
      ],
      START + 20_000,
    );
    expect(rows[0]?.segments.at(-1)).toMatchObject({ kind: "running", left: 0.25, width: 0.75 });
    expect(rows[1]?.segments).toMatchObject([{ kind: "queued", left: 0, width: 1 }]);
    expect(rows[2]?.segments.at(-1)).toMatchObject({ kind: "retry-wait", left: 0.5, width: 0.5 });
  });

  it("tells waiting for the steps before it from waiting for its turn", () => {
    const { rows } = prepareTimeline(
      ended,
      [
        step({ dataset: "staged.orders", endedAt: at(4), attempts: [attempt(1, "succeeded", 0, 4)] }),
        step({ after: ["staged.orders"], endedAt: at(10), attempts: [attempt(1, "succeeded", 7, 10)] }),
      ],
      0,
    );
    expect(rows[1]?.segments).toMatchObject([
      { kind: "waiting", left: 0, seconds: 4 },
      { kind: "queued", left: 0.4, seconds: 3 },
      { kind: "succeeded", seconds: 3 },
    ]);
  });

  it("never lets a slow clock push a bar past the end", () => {
    const { rows } = prepareTimeline(
      { createdAt: at(0), endedAt: null },
      [step({ endedAt: at(30), attempts: [attempt(1, "succeeded", 0, 30)] })],
      START + 10_000,
    );
    expect(rows[0]?.segments[0]).toMatchObject({ left: 0, width: 1 });
  });

  it("draws the wait of a step that was marked as failed before it began, and nothing for one done by hand", () => {
    const mark = { by: "dev@nova.example", at: at(4), reason: "known" };
    const failed = step({ state: "failed", endedAt: at(4), mark });
    const done = step({ dataset: "mart.a", state: "done-by-hand", endedAt: at(1), mark });
    const { rows } = prepareTimeline(ended, [failed, done], 0);
    expect(rows.map(({ segments }) => segments.map(({ kind, seconds }) => [kind, seconds]))).toEqual([
      [["queued", 4]],
      [],
    ]);
  });

  it("draws nothing for a skipped step", () => {
    expect(prepareTimeline(ended, [step({ state: "skipped", endedAt: at(1) })], 0).rows[0]?.segments).toEqual([]);
  });

  it.each([0.3, 1, 7, 42, 61, 600, 4_000, 90_000, 900_000])(
    "marks %s seconds with few round ticks within the axis",
    (seconds) => {
      const { ticks } = prepareTimeline({ createdAt: at(0), endedAt: at(seconds) }, [], 0);
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      expect(ticks.length).toBeLessThanOrEqual(7);
      expect(ticks.every((tick) => tick.left >= 0 && tick.left <= 1)).toBe(true);
    },
  );
});
