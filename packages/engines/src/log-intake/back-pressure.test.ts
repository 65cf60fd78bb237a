import { isPlatformError } from "@nova/pipeline-core/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backPressure } from "./back-pressure.ts";
import type { LogService } from "./log-service.ts";

let now = 0;
const clock = { now: () => new Date(now) };
const service = (name: string, more: Partial<LogService> = {}): LogService => ({
  name,
  tokenHashes: [],
  bytesPerSecond: null,
  eventsPerSecond: null,
  ...more,
});
const spool = (maxBytes: number, held: Record<string, number> = {}) => {
  const holders = new Map(Object.entries(held));
  return {
    maxBytes,
    holders,
    get waitingBytes() {
      return [...holders.values()].reduce((sum, bytes) => sum + bytes, 0);
    },
  };
};
/** Null when let in, else why not and when to come back. */
const refusal = (admit: () => void): unknown => {
  try {
    admit();
    return null;
  } catch (error) {
    return isPlatformError(error) ? error.detail : error;
  }
};

describe("a quota", () => {
  test("lets two seconds' worth through at once, then the rate, and says when to come back", () => {
    const cart = service("cart", { eventsPerSecond: 100 });
    const pressure = backPressure(spool(1e9), clock);
    pressure.admit(cart);
    pressure.charge(cart, 1, 200);
    expect(refusal(() => pressure.admit(cart))).toEqual({ reason: "quota", retryAfter: 1 });
    now += 1000;
    pressure.admit(cart);
    pressure.charge(cart, 1, 600);
    expect(refusal(() => pressure.admit(cart))).toEqual({ reason: "quota", retryAfter: 6 });
    now += 5000;
    expect(refusal(() => pressure.admit(cart))).toEqual({ reason: "quota", retryAfter: 1 });
    now += 1000;
    expect(refusal(() => pressure.admit(cart))).toBeNull();
  });

  test("on bytes and on events holds each by itself, and of one service touches no other", () => {
    const both = service("both", { bytesPerSecond: 1000, eventsPerSecond: 1000 });
    const pressure = backPressure(spool(1e9), clock);
    pressure.charge(both, 5000, 1);
    expect(refusal(() => pressure.admit(both))).toMatchObject({ reason: "quota" });
    expect(refusal(() => pressure.admit(service("free")))).toBeNull();
  });

  test("is not stopped by a clock that is set back", () => {
    const cart = service("cart", { eventsPerSecond: 10 });
    const pressure = backPressure(spool(1e9), clock);
    pressure.charge(cart, 1, 25);
    now -= 3_600_000;
    expect(refusal(() => pressure.admit(cart))).toMatchObject({ reason: "quota" });
    now += 1000;
    expect(refusal(() => pressure.admit(cart))).toBeNull();
  });

  test("whatever is sent, over any time no more gets through than rate, burst and one batch", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ pause: fc.integer({ min: 0, max: 3000 }), events: fc.integer({ min: 1, max: 500 }) }), {
          maxLength: 60,
        }),
        (sends) => {
          const cart = service("cart", { eventsPerSecond: 50 });
          const pressure = backPressure(spool(1e9), clock);
          const start = now;
          let taken = 0;
          for (const { pause, events } of sends) {
            now += pause;
            if (refusal(() => pressure.admit(cart)) !== null) continue;
            pressure.charge(cart, 1, events);
            taken += events;
          }
          expect(taken).toBeLessThanOrEqual((50 * (now - start)) / 1000 + 100 + 500);
        },
      ),
    );
  });
});

describe("a lake that does not keep up", () => {
  test("lets everyone fill the spool's first half as they like", () => {
    const pressure = backPressure(spool(1000, { greedy: 499 }), clock);
    expect(refusal(() => pressure.admit(service("greedy")))).toBeNull();
  });

  test("then stops who holds more than a share, and keeps room for who held nothing", () => {
    const pressure = backPressure(spool(1000, { greedy: 600, small: 20 }), clock);
    expect(refusal(() => pressure.admit(service("greedy")))).toEqual({ reason: "fair-share", retryAfter: 5 });
    expect(refusal(() => pressure.admit(service("small")))).toBeNull();
    expect(refusal(() => pressure.admit(service("new")))).toBeNull();
  });

  test("refuses everyone only when it is full", () => {
    const pressure = backPressure(spool(1000, { "": 1000 }), clock);
    expect(refusal(() => pressure.admit(service("new")))).toEqual({ reason: "spool-full", retryAfter: 5 });
  });

  test("never fills so far that a service which comes new finds no room", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 20 })), { maxLength: 500 }),
        (sends) => {
          const full = spool(1000);
          const pressure = backPressure(full, clock);
          for (const [name, bytes] of sends) {
            if (refusal(() => pressure.admit(service(name))) !== null) continue;
            full.holders.set(name, (full.holders.get(name) ?? 0) + bytes);
          }
          expect(refusal(() => pressure.admit(service("new")))).toBeNull();
        },
      ),
    );
  });
});
