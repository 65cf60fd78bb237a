import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backfillSpecSchema, BACKFILL_EVENTS, BACKFILL_STATES, BACKFILL_TRANSITIONS, mayBackfill } from "./backfill.ts";
import { dayOf, daysOf } from "./backfill-days.ts";
import { dollarsText, scanPrice } from "../lakehouse/index.ts";
import type { BackfillDataset, BackfillFacts } from "./backfill-facts.ts";
import { worldMoved } from "./backfill-moved.ts";
import { partsOf } from "./backfill-parts.ts";
import { planBackfill } from "./plan-backfill.ts";

const NOW = new Date("2026-11-23T09:00:00Z");
const MART = "mart.daily_sales";
const dataset = (name: string, inputs: readonly string[], per: "day" | "whole" = "day"): BackfillDataset => ({
  name,
  kind: "recompute",
  owner: "sales-data",
  inputs,
  grain: per === "day" ? { per, column: "sale_date" } : { per },
  codeVersion: "v1",
  targetLagSeconds: 120,
  rows: 1_000,
  bytes: 100_000,
});
const CHAIN = [
  dataset("curated.orders", ["staged.orders_db__orders"], "whole"),
  dataset(MART, ["curated.orders"]),
  dataset("export.daily_sales", [MART]),
  dataset("export.total_sales", [MART], "whole"),
];
const built = new Map([...CHAIN.map((one) => [one.name, "1"] as const), ["curated.orders", "7"] as const]);
const facts = (change: Partial<BackfillFacts> = {}): BackfillFacts => ({
  now: NOW,
  datasets: CHAIN,
  snapshots: built,
  partitions: new Map(
    [MART, "export.daily_sales"].map((name) => [
      name,
      {
        first: "2026-11-01",
        days: daysOf([{ from: "2026-11-01", to: "2026-11-20" }])
          .filter((day) => day !== "2026-11-05")
          .map((day) => ({ day, rows: 10 })),
        empty: [{ from: "2026-11-21", to: "2026-11-22" }],
        failed: [{ from: "2026-11-09", to: "2026-11-10" }],
      },
    ]),
  ),
  seconds: new Map([[MART, 0.5]]),
  inputBytes: new Map([["curated.orders", 40_000_000]]),
  gated: new Map(),
  open: new Map(),
  ...change,
});
const plan = (given: object, world = facts()) =>
  planBackfill(backfillSpecSchema.parse({ dataset: MART, ...given }), world, (text) =>
    `${text.length}`.padStart(16, "0"),
  );
const november = [{ from: "2026-11-01", to: "2026-11-23" }];

describe("states of a backfill", () => {
  it.each([
    ["planned", ["submit"]],
    ["running", ["pause", "cancel", "retry", "succeed", "fail"]],
    ["paused", ["resume", "cancel", "retry", "succeed", "fail"]],
    ["done", []],
    ["failed", ["retry"]],
    ["cancelled", ["retry"]],
  ] as const)("%s takes %j and nothing else", (state, events) => {
    expect(BACKFILL_EVENTS.filter((event) => mayBackfill(state, event))).toEqual(events);
  });

  it("never leads back to planned", () => {
    const reached = BACKFILL_STATES.flatMap((state) => Object.values(BACKFILL_TRANSITIONS[state]));
    expect(reached).not.toContain("planned");
  });
});

describe("which partitions a backfill does", () => {
  it.each([
    ["missing-and-failed", ["2026-11-05", "2026-11-09", "2026-11-10", "2026-11-23"]],
    ["missing", ["2026-11-05", "2026-11-23"]],
    ["failed", ["2026-11-09", "2026-11-10"]],
    ["all", daysOf(november)],
  ] as const)("scope %s", (scope, days) => {
    expect(daysOf(plan({ scope, ranges: november }).datasets[0]?.ranges ?? [])).toEqual(days);
  });

  it("takes everything from the first day on when no range is named", () => {
    expect(plan({ scope: "all" }).datasets[0]?.ranges).toEqual(november);
  });

  it("takes a set of days, and several of them in one run, which never spans a gap", () => {
    const ranges = [
      { from: "2026-11-01", to: "2026-11-05" },
      { from: "2026-11-09", to: "2026-11-09" },
    ];
    const made = plan({ scope: "all", ranges, perRun: 3 });
    expect(made).toMatchObject({ partitions: 6, runs: 3, rows: 50, bytes: 5_000, seconds: 1.5 });
    expect(partsOf(made).map(({ part, number }) => `${number} ${part.slice(8)}`)).toEqual([
      "1 01",
      "1 02",
      "1 03",
      "2 04",
      "2 05",
      "3 09",
    ]);
  });

  it("does what is made from it with the same days in the same run, and what is cut otherwise behind all of them", () => {
    const made = plan({ scope: "failed", downstream: true });
    expect(made.datasets.map((one) => [one.dataset, one.wave, one.partitions, one.reason])).toEqual([
      [MART, 0, 2, "partitions whose last try failed"],
      ["export.daily_sales", 0, 2, `made from ${MART}`],
      ["export.total_sales", 1, 1, `made from ${MART}`],
    ]);
    expect(made).toMatchObject({ partitions: 5, runs: 3, affected: [], seconds: null });
    expect(partsOf(made).map(({ dataset, number, part }) => `${number} ${dataset} ${part}`)).toEqual([
      `1 ${MART} 2026-11-09`,
      "1 export.daily_sales 2026-11-09",
      `2 ${MART} 2026-11-10`,
      "2 export.daily_sales 2026-11-10",
      "3 export.total_sales whole",
    ]);
  });

  it("does a dataset without partitions whole, and from it the days asked for", () => {
    const made = plan({
      dataset: "curated.orders",
      ranges: november.map(() => ({ from: "2026-11-20", to: "2026-11-23" })),
      downstream: true,
    });
    expect(made.datasets.map((one) => [one.dataset, one.wave, one.partitions])).toEqual([
      ["curated.orders", 0, 1],
      [MART, 1, 4],
      ["export.daily_sales", 1, 4],
      ["export.total_sales", 2, 1],
    ]);
    expect(made.notes).toContainEqual(expect.stringContaining("has no partitions by day"));
  });

  it("leaves out what reads a model that was never built, and what is made from that", () => {
    const more = [...CHAIN, dataset("mart.new", ["curated.new", MART]), dataset("export.new", ["mart.new"])];
    const known = [dataset("curated.new", [], "whole"), ...more];
    const made = plan({ scope: "all", downstream: true }, facts({ datasets: known }));
    expect(made.datasets.map((one) => one.dataset)).not.toContain("mart.new");
    expect(made.notes).toEqual([
      "mart.new is left out: curated.new, which it is made from, was never built",
      "export.new is left out: mart.new, which it is made from, was never built",
    ]);
    expect(() => plan({ scope: "all" }, facts({ snapshots: new Map() }))).toThrow(
      /curated.orders, which .* was never built/,
    );
  });

  it("names what is made from it and left to its own refreshes", () => {
    expect(plan({ scope: "all" }).affected.map((one) => one.dataset)).toEqual([
      "export.daily_sales",
      "export.total_sales",
    ]);
  });
});

describe("what a plan says it takes", () => {
  it("prices reads by the declared table, 10 MB a query at least", () => {
    expect(dollarsText(scanPrice(1e12, 1))).toBe("5.0000");
    expect(dollarsText(scanPrice(0, 1_000))).toBe("0.0500");
    expect(plan({ scope: "failed" }).dollars).toBe("0.0001");
  });

  it("tells whose target lag one run endangers", () => {
    expect(plan({ scope: "all" }).atRisk).toEqual([]);
    const slow = facts({ seconds: new Map([[MART, 100]]) });
    expect(plan({ scope: "all" }, slow).atRisk).toEqual([
      { dataset: MART, owner: "sales-data", targetLagSeconds: 120, runSeconds: 100 },
    ]);
    expect(plan({ scope: "all" }, slow).notes).toContainEqual(expect.stringContaining("fewer days per run"));
  });

  it("says which inputs a gate would wait for, of what is in the plan only", () => {
    const late = facts({
      gated: new Map([
        [MART, "inputs not complete"],
        ["curated.orders", "not asked for"],
      ]),
    });
    expect(plan({ scope: "all" }, late).notes).toEqual([`${MART} is done all the same: inputs not complete`]);
  });
});

describe("what is refused", () => {
  it.each([
    [
      "ten million partitions",
      {
        ranges: [
          { from: "0001-01-01", to: "9999-12-31" },
          { from: "0001-01-01", to: "9999-12-31" },
          { from: "0001-01-01", to: "9999-12-31" },
        ],
      },
      "invalid-input",
      /covers 10956177 partitions; at most 100000/,
    ],
    [
      "days before the history",
      { ranges: [{ from: "2020-01-01", to: "2026-11-02" }] },
      "invalid-input",
      /before the history of mart.daily_sales, which begins on 2026-11-01/,
    ],
    [
      "days to come",
      { ranges: [{ from: "2026-11-20", to: "2026-11-24" }] },
      "invalid-input",
      /2026-11-24 is in the future; today is 2026-11-23/,
    ],
    [
      "a scope that leaves nothing",
      { ranges: [{ from: "2026-11-01", to: "2026-11-04" }] },
      "conflict",
      /none of 2026-11-01…2026-11-04 is missing or failed/,
    ],
    ["a dataset that capture writes", { dataset: "raw.orders_db" }, "not-found", /cannot be backfilled/],
    [
      "a kind that the dataset cannot be done by",
      { kind: "rebuild" },
      "invalid-input",
      /can be done by recompute, not by rebuild/,
    ],
  ])("%s", (_what, spec, kind, message) => {
    expect(() => plan(spec)).toThrow(expect.objectContaining({ kind, message: expect.stringMatching(message) }));
  });

  it("a dataset and inputs without rows", () => {
    expect(() => plan({}, facts({ partitions: new Map() }))).toThrow(/have no rows yet/);
  });

  it("datasets that read each other in a circle", () => {
    const circle = [dataset(MART, ["mart.b"]), dataset("mart.b", [MART])];
    expect(() => plan({ downstream: true, scope: "all" }, facts({ datasets: circle }))).toThrow(/in a circle/);
  });

  it("a dataset that another backfill is at", () => {
    expect(() => plan({ scope: "all" }, facts({ open: new Map([[MART, "b1"]]) }))).toThrow(
      /backfill b1 is at mart.daily_sales/,
    );
  });
});

describe("whether the world moved since the plan", () => {
  const history = new Map([["curated.orders", ["6", "7", "8"]]]);
  const before = plan({ scope: "failed" });

  it("not by fresh data", () => {
    expect(
      worldMoved(before, plan({ scope: "failed" }, facts({ snapshots: new Map([["curated.orders", "8"]]) })), history),
    ).toEqual([]);
  });

  it.each([
    [
      "code",
      facts({ datasets: CHAIN.map((one) => ({ ...one, codeVersion: "v2" })) }),
      history,
      /the code of mart.daily_sales changed/,
    ],
    [
      "an input that was rolled back",
      facts(),
      new Map([["curated.orders", ["6"]]]),
      /curated.orders was rolled back or rebuilt/,
    ],
    [
      "other partitions",
      facts({
        partitions: new Map([
          [MART, { first: "2026-11-01", days: [], empty: [], failed: [{ from: "2026-11-09", to: "2026-11-09" }] }],
        ]),
      }),
      history,
      /1 instead of 2/,
    ],
  ])("by %s", (_what, world, kept, reason) => {
    expect(worldMoved(before, plan({ scope: "failed" }, world), kept)).toEqual([expect.stringMatching(reason)]);
  });

  it("by another set of datasets", () => {
    expect(worldMoved(before, plan({ scope: "failed", downstream: true }), history)).toEqual([
      expect.stringContaining("it concerned"),
    ]);
  });
});

it("each partition of each planned dataset is in exactly one run, after the runs it depends on", () => {
  const days = fc.array(fc.integer({ min: 0, max: 21 }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      days,
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      fc.constantFrom(MART, "curated.orders"),
      (picked, perRun, downstream, root) => {
        const ranges = picked.map((day) => ({ from: dayOf(20_758 + day), to: dayOf(20_758 + day) }));
        const made = plan({ dataset: root, ranges, scope: "all", perRun, downstream });
        const parts = partsOf(made);
        expect(new Set(parts.map(({ dataset, part }) => `${dataset} ${part}`)).size).toBe(parts.length);
        expect(parts.length).toBe(made.partitions);
        expect(new Set(parts.map(({ number }) => number)).size).toBe(made.runs);
        for (const { dataset, ranges: own } of made.datasets)
          expect(parts.filter((part) => part.dataset === dataset).map(({ part }) => part)).toEqual(
            own === null ? ["whole"] : daysOf(own),
          );
        const early = (wave: number): number =>
          Math.max(0, ...parts.filter((one) => one.wave < wave).map((one) => one.number));
        expect(parts.filter((part) => part.number <= early(part.wave))).toEqual([]);
      },
    ),
    { numRuns: 100 },
  );
});

it("ten thousand partitions of five models are planned at once", () => {
  const chain = ["a", "b", "c", "d", "e"].map((name, index, all) =>
    dataset(`mart.${name}`, [index === 0 ? "curated.orders" : `mart.${all[index - 1]}`]),
  );
  const first = dayOf(20_780 - 9_999);
  const partitions = new Map(chain.map(({ name }) => [name, { first, days: [], empty: [], failed: [] }]));
  const made = plan({ dataset: "mart.a", downstream: true, perRun: 100 }, facts({ datasets: chain, partitions }));
  expect(made).toMatchObject({ partitions: 50_000, runs: 100 });
  expect(partsOf(made)).toHaveLength(50_000);
});

describe("parameters of a backfill", () => {
  const TOLERANCE = { type: "decimal(12,2)", default: "0.00", max: "5.00", description: "What is let pass." };
  const options = { runs: "per_range", parameters: { tolerance: TOLERANCE }, noParameters: null } as const;
  const world = (more: Partial<BackfillDataset["options"]> = {}) =>
    facts({ datasets: CHAIN.map((one) => (one.name === MART ? { ...one, options: { ...options, ...more } } : one)) });

  it("are frozen in their one form for the dataset named, change the plan, and are told of", () => {
    const spec = { scope: "all", ranges: november, downstream: true, parameters: { tolerance: "0.5" } };
    const made = plan(spec, world());
    expect(made.datasets.map(({ parameters }) => parameters)).toEqual([{ tolerance: "0.50" }, undefined, undefined]);
    expect(made.spec.parameters).toEqual({ tolerance: "0.50" });
    expect(made.notes.join()).toContain("computed with tolerance = 0.50; its days stand by that until");
    const bare = plan({ ...spec, parameters: {} }, world());
    expect(bare.hash).not.toBe(made.hash);
    expect(
      worldMoved(
        made,
        bare,
        new Map([
          ["curated.orders", ["7"]],
          [MART, ["1"]],
        ]),
      ),
    ).toEqual([`the parameters of ${MART} changed`]);
    expect(planBackfill(made.spec, world(), (text) => text.padStart(16)).datasets[0]?.parameters).toEqual({
      tolerance: "0.50",
    });
  });

  it("that are the defaults are none", () => {
    const made = plan({ parameters: { tolerance: "0" } }, world());
    expect(made.datasets[0]).not.toHaveProperty("parameters");
    expect(made.spec).not.toHaveProperty("parameters");
  });

  it.each([
    [{ tolerance: "9" }, {}, 'parameters.tolerance: must be at most 5.00, and "9" was given'],
    [{ other: "9" }, {}, "parameters.other: mart.daily_sales has no such parameter; it has tolerance"],
    [
      { tolerance: "1" },
      { noParameters: "it is not cut into days" },
      "only computed by its defaults: it is not cut into days",
    ],
  ])("%j are refused", (parameters, more, message) => {
    expect(() => plan({ scope: "all", parameters }, world(more))).toThrow(message);
  });

  it("days are cut as the model says unless the spec does, and the plan tells what each way takes", () => {
    const ranges = [
      { from: "2026-11-01", to: "2026-11-04" },
      { from: "2026-11-11", to: "2026-11-12" },
    ];
    expect(plan({ scope: "all", ranges }, world())).toMatchObject({ runs: 2, spec: { perRun: "range" } });
    expect(plan({ scope: "all", ranges, perRun: 3 }, world())).toMatchObject({ runs: 3, spec: { perRun: 3 } });
    const bounded = plan({ scope: "all", ranges }, world()).cuts;
    expect(bounded?.map(({ perRun, runs }) => [perRun, runs])).toEqual([
      [1, 6],
      ["range", 2],
    ]);
    // An input that is not bounded in time is read as a whole by every run.
    const whole = world();
    const unbounded = {
      ...whole,
      datasets: whole.datasets.map((one) => (one.name === MART ? { ...one, wholeInputs: ["curated.orders"] } : one)),
    };
    const [perDay, perRange] = plan({ scope: "all", ranges }, unbounded).cuts ?? [];
    const own = 6_000;
    expect(perDay).toMatchObject({ bytesRead: 6 * 40_000_000 + own, dollars: "0.0013" });
    expect(perRange).toMatchObject({ bytesRead: 2 * 40_000_000 + own, dollars: "0.0005" });
  });
});
