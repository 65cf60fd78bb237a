import { describe, expect, it } from "vitest";
import type { Gate, GateCheck } from "../catalog/index.ts";
import { HOUR } from "../kernel/index.ts";
import { dayWaitsUntil, gateCheckFacts, type GateCheckMoment, gateCheckText, waitingDaysText } from "./gate-check.ts";

const NOW = new Date("2026-11-23T05:00:00Z");
const check = (change: Partial<GateCheck> = {}): GateCheck => ({
  name: "file-there",
  description: "the file has come",
  query: "SELECT 1",
  per: "model",
  ...change,
});
const gate = (one: Partial<GateCheck>, change: Partial<Gate> = {}): Gate => ({
  through: "day",
  at_most: 3_600,
  after_that: "run",
  check: check(one),
  ...change,
});
const moment = (answers: readonly [string | null, number][] | null, change: Partial<GateCheckMoment> = {}) => ({
  now: NOW,
  column: "day",
  from: NOW,
  since: null,
  heldBack: undefined,
  look:
    answers === null ? undefined : { at: NOW, inputs: {}, answers: answers.map(([day, value]) => ({ day, value })) },
  ...change,
});
const later = (millis: number): Date => new Date(NOW.getTime() + millis);

describe("the check of a gate for the whole model", () => {
  it("opens with true or more than 0, and is not known before it was asked since the model is due", () => {
    expect(gateCheckFacts(gate({}), moment([[null, 1]]))).toMatchObject({ opens: true, value: 1, until: null });
    expect(gateCheckFacts(gate({}), moment([[null, 0]]))).toMatchObject({ opens: false, value: 0, until: later(HOUR) });
    expect(gateCheckFacts(gate({}), moment([]))).toMatchObject({ opens: false, value: 0 });
    expect(gateCheckFacts(gate({}), moment(null))).toMatchObject({ opens: false, value: null });
    expect(gateCheckFacts(gate({}), moment([[null, 1]], { since: later(1) }))).toMatchObject({ value: null });
  });

  it("is waited for as long as it says, or for good", () => {
    const from = later(-2 * HOUR);
    expect(gateCheckFacts(gate({}), moment([[null, 0]], { from }))).toMatchObject({ opens: true });
    expect(gateCheckFacts(gate({ at_most: 3 * 3_600 }), moment([[null, 0]], { from }))).toMatchObject({ opens: false });
    expect(gateCheckFacts(gate({}, { after_that: "stay" }), moment([[null, 0]], { from }))?.opens).toBe(false);
  });

  it("that could not be asked says why", () => {
    const look = { at: NOW, inputs: {}, answers: [], failed: "no such column" };
    const facts = gateCheckFacts(gate({}), moment(null, { look }));
    expect(facts === undefined ? "" : gateCheckText(facts)).toBe(
      "check file-there (the file has come) could not be asked: no such column",
    );
  });
});

describe("the check of a gate by day", () => {
  const days: [string, number][] = [
    ["2026-11-20", 0],
    ["2026-11-21", 7],
    ["2026-11-22", 0],
    ["2026-11-23", 1],
  ];

  it("lets through what is ready and what ended long enough ago; the others wait and are named", () => {
    const facts = gateCheckFacts(
      gate({ per: "day", at_most: 6 * 3_600 }),
      moment(days, {
        heldBack: {
          days: [{ day: "2026-11-24", value: null }],
          inputs: {},
          letThrough: { column: "day", before: null, ready: [] },
        },
      }),
    );
    expect(facts).toMatchObject({
      opens: true,
      letThrough: { column: "day", before: "2026-11-22", ready: ["2026-11-21", "2026-11-23"] },
      waiting: [
        { day: "2026-11-22", value: 0 },
        { day: "2026-11-24", value: null },
      ],
    });
    expect(facts === undefined ? "" : waitingDaysText(facts)).toBe(
      "2 days wait for check file-there (the file has come): 2026-11-22 (0), 2026-11-24 (no row)",
    );
  });

  it("lets no day through by age alone where the gate stays", () => {
    const facts = gateCheckFacts(gate({ per: "day" }, { after_that: "stay" }), moment(days));
    expect(facts?.letThrough?.before).toBeNull();
    expect(facts?.waiting.map(({ day }) => day)).toEqual(["2026-11-20", "2026-11-22"]);
  });

  it("opens nothing before it was asked", () => {
    expect(gateCheckFacts(gate({ per: "day" }), moment(null))).toMatchObject({ opens: false, letThrough: null });
  });

  it("says when a day has waited long enough", () => {
    expect(dayWaitsUntil(gate({ at_most: 7_200 }), "2026-11-22")).toEqual(new Date("2026-11-23T02:00:00Z"));
    expect(dayWaitsUntil(gate({}, { after_that: "stay" }), "2026-11-22")).toBeNull();
  });
});
