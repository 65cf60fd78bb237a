import { describe, expect, it } from "vitest";
import type { Gate } from "../catalog/index.ts";
import { MINUTE } from "../kernel/index.ts";
import { gateFacts, type GateMoment, gateReason } from "./gate.ts";
import { gateWords } from "./gate-state.ts";

const NOW = new Date("2026-11-23T05:20:00Z");
const TICK = new Date("2026-11-23T05:15:00Z");
const before = (at: Date, minutes: number): Date => new Date(at.getTime() - minutes * MINUTE);
const gate = (change: Partial<Gate> = {}): Gate => ({ through: "day", at_most: 3_600, after_that: "run", ...change });
const CRON = { cron: "15 6 * * *", zone: "Europe/Berlin" };
const due = (dueSince: Date | null) => ({ ...CRON, dueSince, next: null, pause: null });
const moment = (change: Partial<GateMoment> = {}): GateMoment => ({
  now: NOW,
  schedule: undefined,
  firstRun: false,
  watchedSince: before(NOW, 24 * 60),
  inputs: [
    { input: "staged.a", dataThrough: NOW },
    { input: "staged.b", dataThrough: new Date("2026-11-22T22:50:00Z") },
    { input: "staged.c", dataThrough: null },
  ],
  ...change,
});
const late = (...args: Parameters<typeof gateFacts>) => gateFacts(...args)?.late.map(({ input }) => input);

describe("a gate", () => {
  it("is there only when the header has one", () => {
    expect(gateFacts({}, moment())).toBeUndefined();
  });

  it.each([
    ["midnight in UTC", gate(), undefined, "2026-11-23T00:00"],
    ["midnight of its zone", gate({ zone: "Europe/Berlin" }), undefined, "2026-11-22T23:00"],
    ["the full hour", gate({ through: "hour" }), undefined, "2026-11-23T05:00"],
    [
      "the full hour where clocks are half an hour off",
      gate({ through: "hour", zone: "Asia/Kolkata" }),
      undefined,
      "2026-11-23T04:30",
    ],
    ["the tick", gate({ through: "tick" }), due(TICK), "2026-11-23T05:15"],
    ["midnight before the tick, by the clocks of the schedule", gate(), due(TICK), "2026-11-22T23:00"],
  ])("waits for inputs through %s", (_name, one, schedule, through) => {
    const facts = gateFacts({ gate: one, ...(schedule === undefined ? {} : { schedule: CRON }) }, moment({ schedule }));
    expect(facts?.through?.toISOString().slice(0, 16)).toBe(through);
  });

  it("counts midnight once where clocks change in the night", () => {
    const autumn = (now: string) =>
      gateFacts({ gate: gate({ zone: "Europe/Berlin" }) }, moment({ now: new Date(now) }))?.through?.toISOString();
    expect(autumn("2026-10-25T21:59:59Z")).toBe("2026-10-24T22:00:00.000Z");
    expect(autumn("2026-10-25T23:00:00Z")).toBe("2026-10-25T23:00:00.000Z");
  });

  it.each([
    ["those that are not through, with or without data", gate(), ["staged.b", "staged.c"]],
    ["of those that the header names", gate({ inputs: ["staged.a", "staged.b"] }), ["staged.b"]],
    ["none that are through to the moment", gate({ inputs: ["staged.a"] }), []],
  ])("names as late %s", (_name, one, expected) => {
    expect(late({ gate: one }, moment())).toEqual(expected);
  });

  it.each([
    ["before the first rows", moment({ firstRun: true, schedule: due(TICK) })],
    ["while no tick is due", moment({ schedule: due(null) })],
  ])("waits for nothing %s", (_name, at) => {
    expect(gateFacts({ gate: gate({ through: "tick" }), schedule: CRON }, at)).toMatchObject({
      through: null,
      late: [],
    });
  });

  const through = (text: string) => [{ input: "staged.b", dataThrough: new Date(text) }];
  it.each([
    ["the tick that an input first missed", "tick", due(TICK), "2026-11-23T05:14:59Z", TICK],
    [
      "an earlier one, when it is late for longer",
      "tick",
      due(TICK),
      "2026-11-20T05:15:00Z",
      new Date("2026-11-21T05:15:00Z"),
    ],
    ["the tick, not the midnight before", "day", due(TICK), "2026-11-22T22:50:00Z", TICK],
    ["midnight, without a schedule", "day", undefined, "2026-11-22T22:50:00Z", new Date("2026-11-22T23:00:00Z")],
    [
      "an earlier midnight, when it is late for longer",
      "day",
      undefined,
      "2026-11-20T22:50:00Z",
      new Date("2026-11-20T23:00:00Z"),
    ],
  ] as const)("waits as long as it may from %s", (_name, boundary, schedule, dataThrough, from) => {
    const at = moment({ schedule, inputs: through(dataThrough), watchedSince: before(NOW, 7 * 24 * 60) });
    const header = { gate: gate({ through: boundary, zone: "Europe/Berlin" }) };
    const facts = gateFacts(schedule === undefined ? header : { ...header, schedule: CRON }, at);
    expect(facts?.until).toEqual(before(from, -60));
  });

  it("does not count the time in which no worker looked, nor for an input without any data", () => {
    const at = { schedule: due(TICK), watchedSince: NOW };
    const until = (inputs: GateMoment["inputs"]) =>
      gateFacts({ gate: gate(), schedule: CRON }, moment({ ...at, inputs }))?.until;
    expect(until(through("2026-11-20T22:50:00Z"))).toEqual(before(NOW, -60));
    expect(until([{ input: "staged.b", dataThrough: null }])).toEqual(before(NOW, -60));
    expect(until([{ input: "staged.b", dataThrough: NOW }])).toBeNull();
  });

  it("tells the step that came through it what it came with", () => {
    const facts = (now: Date, inputs = moment().inputs) =>
      gateFacts({ gate: gate() }, moment({ now, inputs, watchedSince: before(NOW, 320) }));
    const complete = [{ input: "staged.a", dataThrough: NOW }];
    const after = new Date("2026-11-23T01:00:00Z");
    expect(gateReason(facts(NOW, complete), NOW)).toBe("inputs complete through 2026-11-23 00:00 (UTC)");
    expect(gateReason(facts(after), after)).toBe(
      "inputs not complete through 2026-11-23 00:00 (UTC), no longer waited for: staged.b is through 2026-11-22 22:50 only; staged.c has no data yet",
    );
    const asked = before(after, 30);
    expect(gateReason(facts(asked), asked)).toMatch(/^its gate passed over: inputs not complete through/);
    expect(gateReason(undefined, NOW)).toBeNull();
    expect(gateReason(gateFacts({ gate: gate() }, moment({ firstRun: true })), NOW)).toBeNull();
  });
});

describe("a gate in words", () => {
  it("says through what, at most how long, and what then", () => {
    expect(gateWords(gate(), CRON)).toBe(
      "every input through the last midnight (Europe/Berlin); at most 60 min, then it runs with what there is",
    );
    expect(gateWords(gate({ through: "tick", inputs: ["staged.a"], at_most: 90, after_that: "stay" }), CRON)).toBe(
      "staged.a through the tick of its schedule; at most 90 s, then it stays and says so",
    );
    expect(gateWords(gate({ through: "hour" }), undefined)).toContain("through the last full hour (UTC)");
  });
});
