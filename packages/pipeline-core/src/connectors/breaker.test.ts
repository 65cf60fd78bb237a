import { describe, expect, it } from "vitest";
import {
  afterFailure,
  afterNothing,
  afterSuccess,
  beforeTry,
  type Breaker,
  BREAKER_EVENTS,
  BREAKER_STATES,
  BREAKER_TRANSITIONS,
  breakerText,
  closedBreaker,
  OPEN_AFTER,
} from "./breaker.ts";

const NOW = new Date("2026-11-23T12:00:00Z");
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);
const ERROR = { kind: "source-unreachable" as const, message: "connection refused" };

function failing(times: number, from: Breaker = closedBreaker(NOW)): Breaker {
  let breaker = from;
  for (let one = 0; one < times; one += 1) breaker = afterFailure(breaker, ERROR, NOW, 10_000);
  return breaker;
}
const half = (): Breaker => beforeTry(failing(OPEN_AFTER), later(10));

describe("a circuit breaker", () => {
  it("has a row for every state and event", () => {
    const made = BREAKER_STATES.map((state) => BREAKER_EVENTS.map((event) => BREAKER_TRANSITIONS[state][event]));
    expect(made).toEqual([
      ["closed", "open", "closed", null, null],
      ["open", "open", "closed", "half-open", null],
      ["open", "open", "closed", null, "open"],
    ]);
  });

  it("opens after too many failures in a row, and not before", () => {
    expect(failing(OPEN_AFTER - 1)).toMatchObject({ state: "closed", failures: OPEN_AFTER - 1, until: null });
    expect(failing(OPEN_AFTER)).toMatchObject({ state: "open", since: NOW, until: later(10), error: ERROR });
    expect(failing(OPEN_AFTER - 1, afterSuccess(failing(OPEN_AFTER - 1), NOW)).state).toBe("closed");
  });

  it("does not wait longer for what was under way when it opened", () => {
    const open = failing(OPEN_AFTER);
    expect(afterFailure(open, ERROR, later(5), 60_000)).toMatchObject({ state: "open", until: later(10) });
  });

  it("lets one try go ahead once the wait is over; that one decides", () => {
    expect(beforeTry(failing(OPEN_AFTER), later(9)).state).toBe("open");
    expect(half().state).toBe("half-open");
    expect(beforeTry(half(), later(99))).toEqual(half());
    expect(afterSuccess(half(), later(11))).toEqual(closedBreaker(later(11)));
    expect(afterFailure(half(), ERROR, later(11), 20_000)).toMatchObject({
      state: "open",
      failures: OPEN_AFTER + 1,
      until: later(31),
    });
  });

  it("is tried at once when the clock was set back since it opened", () => {
    expect(beforeTry(failing(OPEN_AFTER), later(-3_600)).state).toBe("half-open");
  });

  it("is tried by the next one when there was nothing to try", () => {
    const open = afterNothing(half(), later(12));
    expect(open).toMatchObject({ state: "open", until: later(12) });
    expect(beforeTry(open, later(12)).state).toBe("half-open");
    expect(afterNothing(closedBreaker(NOW), NOW)).toEqual(closedBreaker(NOW));
  });

  it("is told in words", () => {
    expect(breakerText("capture", failing(OPEN_AFTER))).toBe(
      "reading it failed 5 times in a row (source-unreachable: connection refused); tried again at 2026-11-23 12:00:10 UTC. Nothing is lost: what waits is taken then.",
    );
    expect(breakerText("load", half())).toContain("one try is under way");
  });
});
