import { describe, expect, it } from "vitest";
import { decideRestart } from "./restart-policy.ts";

const MINUTE = 60_000;

describe("what to do about a part that died", () => {
  it.each([
    { deaths: 0, afterMs: 500 },
    { deaths: 1, afterMs: 1000 },
    { deaths: 2, afterMs: 2000 },
    { deaths: 3, afterMs: 4000 },
    { deaths: 4, afterMs: 8000 },
  ])("waits $afterMs ms after $deaths earlier deaths within a minute", ({ deaths, afterMs }) => {
    const earlier = Array.from({ length: deaths }, (_, at) => MINUTE + at);
    expect(decideRestart(earlier, MINUTE + 1000, 1)).toEqual({ restart: true, afterMs });
  });

  it("gives up on the sixth death within a minute, and says so", () => {
    const earlier = [1, 2, 3, 4, 5].map((second) => MINUTE + second * 1000);
    expect(decideRestart(earlier, MINUTE + 6000, null)).toEqual({
      restart: false,
      reason: "it died 6 times within a minute",
    });
  });

  it("forgets deaths older than a minute", () => {
    expect(decideRestart([1, 2, 3, 4, 5], 2 * MINUTE, 1)).toEqual({ restart: true, afterMs: 500 });
  });

  it("never tries again with an environment that was refused", () => {
    expect(decideRestart([], 0, 2)).toEqual({
      restart: false,
      reason: "its environment is wrong (exit code 2), see its log",
    });
  });
});
