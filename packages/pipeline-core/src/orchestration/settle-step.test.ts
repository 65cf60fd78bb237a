import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMillis, settleFailedAttempt } from "./settle-step.ts";

const now = new Date("2026-06-01T12:00:00Z");

describe("a failed attempt", () => {
  it("is tried again while the kind says so and attempts are left", () => {
    expect(settleFailedAttempt({ attempt: 2, maxAttempts: 3 }, "engine-failed", now, 1)).toEqual({
      next: "retrying",
      retryAt: new Date("2026-06-01T12:00:02Z"),
    });
  });

  it("fails its step when it was the last one", () => {
    expect(settleFailedAttempt({ attempt: 3, maxAttempts: 3 }, "engine-failed", now, 1)).toEqual({ next: "failed" });
  });

  it("fails its step at once when a person must act first", () => {
    expect(settleFailedAttempt({ attempt: 1, maxAttempts: 3 }, "check-failed", now, 1)).toEqual({ next: "failed" });
  });

  it("never waits longer than a minute nor less than a tenth of a second", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, jitter) => {
        const wait = backoffMillis(attempt, jitter);
        expect(wait).toBeGreaterThanOrEqual(100);
        expect(wait).toBeLessThanOrEqual(60_000);
      }),
    );
  });
});
