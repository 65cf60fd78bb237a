import { describe, expect, it } from "vitest";
import { CONDITION_IDS, judgeConditions, mayRun } from "./conditions.ts";
import type { DatasetFacts, GateFacts, InputFacts } from "./dataset-facts.ts";
import { explain } from "./explain.ts";
import type { ScheduleFacts } from "./scheduling.ts";

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

const schedule = (change: Partial<ScheduleFacts> = {}): ScheduleFacts => ({
  cron: "15 6 * * *",
  zone: "Europe/Berlin",
  dueSince: ago(60),
  next: new Date("2026-11-24T05:15:00Z"),
  pause: null,
  ...change,
});

const breaker = (part: "capture" | "load") => ({
  source: "stripe" as const,
  part,
  state: "open" as const,
  failures: 5,
  since: ago(60),
  until: ago(-30),
  error: { kind: "storage-failed" as const, message: "the disk is full" },
});

const gate = (change: Partial<GateFacts> = {}): GateFacts => ({
  through: new Date("2026-11-23T11:00:00Z"),
  zone: "Europe/Berlin",
  until: new Date("2026-11-23T12:30:00Z"),
  afterThat: "run",
  late: [{ input: "staged.a", dataThrough: new Date("2026-11-23T10:40:00Z") }],
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
      "comes from a source whose loads fail",
      { dataset: "staged.stripe__charge", breakers: [breaker("capture"), breaker("load")] },
      "source-works",
      "waiting",
      /Source stripe: loading what it sent failed 5 times in a row \(storage-failed: the disk is full\)/,
    ],
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
      "waits for its schedule",
      { schedule: schedule({ dueSince: null }) },
      "due-by-time",
      "waiting",
      /by its schedule, 15 6 \* \* \*: next at 2026-11-24 06:15 \(Europe\/Berlin\)/,
    ],
    [
      "has a paused schedule",
      { schedule: schedule({ pause: { by: "dev@nova.example", at: NOW } }) },
      "schedule-on",
      "stopped",
      /schedule was paused by dev@nova.example/,
    ],
    ["waits for its first rows", { awaitsFirstRead: true }, "inputs-built", "waiting", /when all of them are in raw/],
    [
      "waits for a first build",
      { inputs: [input({ readable: false })] },
      "inputs-built",
      "waiting",
      /until staged.a was built once/,
    ],
    [
      "waits for a late source",
      { gate: gate() },
      "inputs-complete",
      "waiting",
      /^It waits until its inputs are complete through 2026-11-23 12:00 \(Europe\/Berlin\): staged.a is through 2026-11-23 11:40 only. At 2026-11-23 13:30 \(Europe\/Berlin\) it runs with what there is.$/,
    ],
    [
      "waits for a source without any data, and will go on waiting",
      { gate: gate({ afterThat: "stay", late: [{ input: "staged.b", dataThrough: null }] }) },
      "inputs-complete",
      "waiting",
      /staged.b has no data yet. It says so after 2026-11-23 13:30/,
    ],
    [
      "waited for a late source as long as it may, and stays",
      { gate: gate({ afterThat: "stay", until: ago(1) }) },
      "inputs-complete",
      "waiting",
      /later than 2026-11-23 12:59 .*: staged.a is through .* only. It stays until they are, or until somebody runs it/,
    ],
    [
      "waits for a source that is late because it fails",
      { gate: gate(), breakers: [breaker("capture")], inputs: [input({ current: "2" })] },
      "inputs-complete",
      "waiting",
      /is through 2026-11-23 11:40 only.* Source stripe: reading it failed 5 times/,
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
      { schedule: schedule(), lastStartedAt: NOW, inputs: [input({ current: "1" })] },
    ])
      expect(mayRun(judgeConditions(facts(change)))).toBe(true);
  });

  it.each([
    ["is open", gate({ late: [] }), /^Its inputs are complete through 2026-11-23 12:00 \(Europe\/Berlin\)/],
    ["has waited long enough", gate({ until: NOW }), /^It waited until 2026-11-23 13:00 .* goes without: staged.a is/],
    ["has nothing to wait for", gate({ through: null, until: null, late: [] }), /nothing to wait for now/],
  ])("a gate that %s keeps nothing", (_name, open, text) => {
    const conditions = judgeConditions(facts({ gate: open }));
    expect(mayRun(conditions)).toBe(true);
    expect(conditions.find(({ id }) => id === "inputs-complete")?.text).toMatch(text);
  });

  it("the scheduler looks again when a gate gives up waiting, and not for one that never does", () => {
    const untilOf = (afterThat: "run" | "stay") =>
      judgeConditions(facts({ gate: gate({ afterThat }) })).find(({ id }) => id === "inputs-complete")?.until;
    expect(untilOf("run")).toEqual(gate().until);
    expect(untilOf("stay")).toBeNull();
  });

  it("a source that cannot be read holds nothing back that has come already, and is named when nothing is new", () => {
    expect(mayRun(judgeConditions(facts({ breakers: [breaker("capture")] })))).toBe(true);
    const still = facts({ breakers: [breaker("capture")], inputs: [input({ current: "1" })] });
    expect(explain(still).headline).toContain("Source stripe: reading it failed 5 times in a row");
  });

  it("a late source is named when there is nothing new because of it", () => {
    const late = facts({ inputs: [input({ current: "1", dataThrough: ago(300) })] });
    expect(explain(late).headline).toBe("It waits for late data: staged.a is through 5 min ago only (allowed 60 s).");
  });

  it("a step that waits for its pool names it, and who has its places", () => {
    const pool = { name: "heavy", size: 1, holders: ["curated.customers"], queuedBehind: 0 };
    expect(explain(facts({ runningIn: RUN, pool })).headline).toBe(
      "It waits for pool heavy (1 at once): curated.customers has its only place; it is next.",
    );
    const crowded = { ...pool, size: 2, holders: ["curated.customers", "curated.payments"], queuedBehind: 3 };
    expect(explain(facts({ runningIn: RUN, pool: crowded })).headline).toMatch(
      /customers, curated.payments have its places, and 3 wait before it/,
    );
    expect(mayRun(judgeConditions(facts({ pool })))).toBe(true);
  });

  it("a step that waits for a slot says how many go before it", () => {
    expect(explain(facts({ runningIn: RUN, queuedBehind: 3 })).headline).toBe("It waits for a slot behind 3 others.");
    expect(explain(facts({ runningIn: RUN, queuedBehind: 0 })).headline).toBe("It waits for a slot and is next.");
  });
});
