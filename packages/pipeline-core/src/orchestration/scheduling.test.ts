import { describe, expect, it, test } from "vitest";
import type { Transaction } from "../kernel/index.ts";
import { dueSince, scheduleFacts } from "./scheduling.ts";
import { memoryScheduleStore, scheduleStoreContract } from "./testing.ts";

const stored = (handledThrough: string | null) => ({
  dataset: "mart.a",
  cron: "0 * * * *",
  zone: "UTC",
  handledThrough: handledThrough === null ? null : new Date(handledThrough),
  pause: null,
});
const NOW = new Date("2026-11-23T12:20:00Z");

describe("a dataset with a schedule", () => {
  it("is due at once when it never ran by it", () => {
    expect(dueSince(stored(null), NOW)).toEqual(NOW);
  });

  it("is due since the last tick, however many were missed", () => {
    expect(dueSince(stored("2026-11-20T08:00:00Z"), NOW)).toEqual(new Date("2026-11-23T12:00:00Z"));
  });

  it("is not due before the next tick once the last was handled", () => {
    const handled = stored("2026-11-23T12:00:05Z");
    expect(dueSince(handled, NOW)).toBeNull();
    expect(scheduleFacts(handled, NOW)).toMatchObject({ dueSince: null, next: new Date("2026-11-23T13:00:00Z") });
  });
});

describe("schedules in memory", () => {
  scheduleStoreContract({ test, expect }, async () => {
    let epoch = 0n;
    return {
      schedules: memoryScheduleStore(() => epoch),
      newEpoch: async () => (epoch += 1n),
      within: (work) => work({ query: async () => ({ rows: [], rowCount: 0 }) } satisfies Transaction),
    };
  });
});
