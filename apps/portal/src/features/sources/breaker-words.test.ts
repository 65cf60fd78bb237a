import { describe, expect, it } from "vitest";
import type { OpenBreaker } from "@nova/pipeline-core/connectors";
import { POLICY } from "@nova/pipeline-core/kernel";
import { breakerStory, worstBreaker } from "./breaker-words.ts";

const since = new Date("2026-11-23T14:30:00Z");
const load: OpenBreaker = {
  source: "stripe",
  part: "load",
  state: "open",
  failures: 6,
  since,
  until: new Date("2026-11-23T14:31:00Z"),
  error: { kind: "storage-failed", message: "the lake does not answer" },
};

describe("what is said of a circuit breaker", () => {
  it("names what stands still, how often it failed, why, and what to do", () => {
    expect(breakerStory(load)).toMatchObject({
      what: "Circuit breaker open: what Stripe sent is not loaded",
      why: expect.stringContaining("failed 6 times in a row"),
      message: "the lake does not answer",
      remedy: POLICY["storage-failed"].remedy,
    });
    expect(breakerStory({ ...load, part: "capture" }).what).toBe("Circuit breaker open: Stripe is not read");
  });

  it("keeps silent of a message that its reader may not see", () => {
    expect(breakerStory({ ...load, error: { kind: "storage-failed", message: "" } })).toMatchObject({
      message: null,
      remedy: POLICY["storage-failed"].remedy,
    });
  });
});

it("loading is told of before reading where there is room for one", () => {
  const capture: OpenBreaker = { ...load, part: "capture" };
  expect(worstBreaker([capture, load])).toBe(load);
  expect(worstBreaker([capture])).toBe(capture);
  expect(worstBreaker([])).toBeNull();
});
