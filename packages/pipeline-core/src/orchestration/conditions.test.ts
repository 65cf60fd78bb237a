import { describe, expect, it } from "vitest";
import { CONDITION_IDS, type DatasetFacts, explain, type InputFacts, judgeConditions, mayRun } from "./conditions.ts";

const NOW = new Date("2026-11-23T12:00:00Z");
const ago = (seconds: number): Date => new Date(NOW.getTime() - seconds * 1000);
const RUN = "019a0000-0000-7000-8000-000000000001";
const input = (change: Partial<InputFacts> = {}): InputFacts => ({
  input: "staged.a",
  consumed: "1",
  current: "2",
  readable: true,
  running: false,
  due: false,
  inRun: false,
  dataThrough: ago(5),
  targetLagSeconds: 60,
  ...change,
});
const facts = (change: Partial<DatasetFacts> = {}): DatasetFacts => ({
  dataset: "curated.orders",
  now: NOW,
  pipeline: "sales",
  runningIn: null,
  queuedBehind: null,
  pause: null,
  hold: null,
  leftAlone: null,
  lastStartedAt: ago(30),
  intervalMillis: 10_000,
  inputs: [input()],
  codeChanged: false,
  ...change,
});

describe("why a dataset is not running", () => {
  it("tells every condition, each once", () => {
    expect(judgeConditions(facts()).map((one) => one.id)).toEqual(CONDITION_IDS);
  });

  it("nothing keeps it when every condition holds", () => {
    expect(mayRun(judgeConditions(facts()))).toBe(true);
    expect(explain(facts()).state).toBe("ready");
  });

  const pause = { pipeline: "sales", by: "dev@nova.example", at: NOW };
  const hold = { dataset: "curated.orders", snapshotId: "77", runId: RUN, by: "dev@nova.example", at: NOW };
  it.each([
    ["is running", { runningIn: RUN }, "idle", "running", /running/],
    ["is paused", { pause }, "not-paused", "stopped", /sales was paused by dev@nova.example/],
    ["waits for a decision about drift", { awaitsDecision: true }, "no-open-drift", "stopped", /drift inbox/],
    ["is rolled back", { hold }, "not-held", "stopped", /rolled it back to snapshot 77, before run 019a0000/],
    [
      "failed a moment ago",
      { leftAlone: { until: new Date(NOW.getTime() + 20_000), because: "failed" as const, runId: RUN } },
      "not-left-alone",
      "waiting",
      /failed in run 019a0000 and is left alone for 20 s more/,
    ],
    [
      "is not due by time",
      { lastStartedAt: ago(4) },
      "due-by-time",
      "waiting",
      /in 6 s: it is refreshed at most every 10 s/,
    ],
    [
      "waits for a first build",
      { inputs: [input({ readable: false })] },
      "inputs-built",
      "waiting",
      /until staged.a was built once/,
    ],
    [
      "waits for upstream",
      { inputs: [input({ running: true })] },
      "upstream-settled",
      "waiting",
      /upstream staged.a \(running\)/,
    ],
    [
      "waits for upstream that is due",
      { inputs: [input({ due: true })] },
      "upstream-settled",
      "waiting",
      /about to run/,
    ],
    ["has nothing new", { inputs: [input({ current: "1" })] }, "something-new", "up-to-date", /no new input/],
  ] as const)("a dataset that %s", (_name, change, id, state, headline) => {
    const conditions = judgeConditions(facts(change));
    expect(mayRun(conditions)).toBe(false);
    expect(conditions.filter((one) => !one.holds && one.blocks).map((one) => one.id)).toEqual([id]);
    const explanation = explain(facts(change));
    expect(explanation.state).toBe(state);
    expect(explanation.headline).toMatch(headline);
  });

  it("a pause that ended, inputs of the same run and changed code keep nothing", () => {
    for (const change of [
      { leftAlone: { until: NOW, because: "failed" as const, runId: RUN } },
      { inputs: [input({ current: "1", inRun: true, due: true, readable: false })] },
      { inputs: [input({ current: "1" })], codeChanged: true },
      { lastStartedAt: null },
    ])
      expect(mayRun(judgeConditions(facts(change)))).toBe(true);
  });

  it("a late source is named when there is nothing new because of it", () => {
    const late = facts({ inputs: [input({ current: "1", dataThrough: ago(300) })] });
    expect(explain(late).headline).toBe("It waits for late data: staged.a is through 5 min ago only (allowed 60 s).");
  });

  it("a step that waits for a slot says how many go before it", () => {
    expect(explain(facts({ runningIn: RUN, queuedBehind: 3 })).headline).toBe("It waits for a slot behind 3 others.");
    expect(explain(facts({ runningIn: RUN, queuedBehind: 0 })).headline).toBe("It waits for a slot and is next.");
  });
});
