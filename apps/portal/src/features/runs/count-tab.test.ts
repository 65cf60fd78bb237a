import type { RunsListCounts } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { countTab, tabCountText } from "./count-tab.ts";

const COUNTS: RunsListCounts = {
  runs: { queued: 2, running: 3, succeeded: 50, failed: 5, cancelled: 1 },
  insideBackfills: { queued: 1, running: 1, succeeded: 20, failed: 2, cancelled: 0 },
  scheduled: 7,
  backfills: { planned: 0, running: 1, paused: 1, done: 4, failed: 1, cancelled: 0 },
  atLeast: [],
  scheduledAtLeast: false,
};

describe("the counts of the tabs of runs", () => {
  it("have a backfill once, in place of the runs inside it", () => {
    expect(countTab("all", COUNTS, false)).toBe(61 - 24 + 7);
    expect(countTab("running", COUNTS, false)).toBe(2 + 2);
    expect(countTab("queued", COUNTS, false)).toBe(1);
    expect(countTab("failed", COUNTS, false)).toBe(3 + 1);
    expect(countTab("succeeded", COUNTS, false)).toBe(30 + 4);
    expect(countTab("backfills", COUNTS, false)).toBe(7);
  });

  it("have every run when those inside backfills are shown", () => {
    expect(countTab("all", COUNTS, true)).toBe(61);
    expect(countTab("running", COUNTS, true)).toBe(3);
    expect(countTab("backfills", COUNTS, true)).toBe(24);
  });

  it("have what ran by the calendar either way", () => {
    expect(countTab("scheduled", COUNTS, false)).toBe(7);
    expect(countTab("scheduled", COUNTS, true)).toBe(7);
  });

  it("say so where there are more than were counted, and only there", () => {
    const many: RunsListCounts = { ...COUNTS, runs: { ...COUNTS.runs, succeeded: 50_000 }, atLeast: ["succeeded"] };
    expect(tabCountText("succeeded", many, true)).toBe("50,000+");
    expect(tabCountText("succeeded", many, false)).toBe("49,984+");
    expect(tabCountText("all", many, true)).toBe("50,011+");
    expect(tabCountText("failed", many, true)).toBe("5");
    expect(tabCountText("scheduled", many, true)).toBe("7");
    expect(tabCountText("scheduled", { ...many, scheduledAtLeast: true }, true)).toBe("7+");
    const counted: RunsListCounts = { ...many, runs: { ...many.runs, succeeded: 49_999 }, atLeast: [] };
    expect(tabCountText("succeeded", counted, true)).toBe("50K");
  });
});
