import { modelCompiler } from "@nova/engines/sql";
import type { SourceId } from "@nova/pipeline-core/connectors";
import { describe, expect, it } from "vitest";
import { PACE, type PipelineContext } from "./context.ts";
import { inOrder, loadDefinitions } from "./definitions.ts";
import { consumedOf, emptyLakeState, type ModelTimes } from "./lake-state.ts";
import { createSlots } from "./slots.ts";
import { dueModels, judgeModels } from "./judge-models.ts";

const definitions = loadDefinitions(modelCompiler);
const NOW = new Date("2026-11-20T12:00:00Z");

/** A lake in which every model is built and up to date; `change` says what is different. */
function lake(change: (state: PipelineContext["state"], times: ModelTimes) => void): {
  context: PipelineContext;
  times: ModelTimes;
} {
  const state = emptyLakeState();
  const times: ModelTimes = { startedAt: new Map(), running: new Set() };
  for (const model of definitions.models) {
    state.snapshots.set(model.name, "1");
    for (const input of Object.keys(model.header.inputs)) {
      state.snapshots.set(input, "1");
      consumedOf(state, model.name).set(input, "1");
    }
  }
  change(state, times);
  const context = {
    definitions,
    state,
    times,
    clock: { now: () => NOW },
    beganAt: NOW,
    configured: new Set<SourceId>(),
    pace: { ...PACE, model: 0, lagShare: 0.25 },
    slots: createSlots(1),
  } as Partial<PipelineContext> as PipelineContext;
  return { context, times };
}
const due = ({ context, times }: ReturnType<typeof lake>, pipeline: string) =>
  dueModels(judgeModels(context, times), pipeline).map(({ model, reason }) => `${model.name}: ${reason}`);

describe("which models run now", () => {
  it("none when all inputs are read", () => {
    expect(
      due(
        lake(() => undefined),
        "sales",
      ),
    ).toEqual([]);
  });

  it("those with a new input, and those of the same pipeline after them", () => {
    const changed = lake((state) => state.snapshots.set("staged.orders_db__products", "2"));
    expect(due(changed, "sales")).toEqual([
      "curated.products: new data in staged.orders_db__products",
      "curated.order_lines: after curated.products",
    ]);
  });

  it("not before its share of the target lag has passed", () => {
    const early = lake((state, times) => {
      state.snapshots.set("staged.orders_db__orders", "2");
      times.startedAt.set("curated.orders", NOW.getTime() - 7_000);
    });
    expect(due(early, "sales")).toEqual(["curated.order_lines: new data in staged.orders_db__orders"]);
  });

  it("at once when the clock was set back since it ran", () => {
    const setBack = lake((state, times) => {
      state.snapshots.set("staged.orders_db__orders", "2");
      times.startedAt.set("curated.orders", NOW.getTime() + 3_600_000);
    });
    expect(due(setBack, "sales")).toContain("curated.orders: new data in staged.orders_db__orders");
  });

  it("one with a schedule at once when it never ran, but not before the models it reads were loaded", () => {
    const dataset = "mart.payment_reconciliation";
    const scheduled = (through: Date | null, handledThrough: Date | null) =>
      lake((state) => {
        state.snapshots.set("curated.payments", "2");
        state.dataThrough.set("curated.payments", through);
        state.schedules.set(dataset, { dataset, cron: "15 6 * * *", zone: "UTC", handledThrough, pause: null });
      });
    expect(due(scheduled(null, null), "marts")).toEqual([]);
    expect(due(scheduled(NOW, null), "marts")).toEqual([`${dataset}: by its schedule, 15 6 * * * in UTC`]);
    expect(due(scheduled(NOW, NOW), "marts")).toEqual([]);
  });

  it("one with a gate once its inputs are through the tick, or when it has waited long enough", () => {
    const dataset = "mart.payment_reconciliation";
    const tick = new Date("2026-11-20T11:15:00Z");
    const at = (minutes: number): Date => new Date(tick.getTime() + minutes * 60_000);
    const gated = (now: Date, through: Date, beganAt = at(-600)) => {
      const { context, times } = lake((state) => {
        state.snapshots.set("curated.payments", "2");
        state.dataThrough.set("curated.payments", through);
        const schedule = { cron: "15 6-20 * * *", zone: "Europe/Berlin", handledThrough: at(-60), pause: null };
        state.schedules.set(dataset, { dataset, ...schedule });
        state.gateLooks.set(dataset, { at: now, inputs: {}, answers: [{ day: "2026-11-20", value: 1 }] });
      });
      return due({ context: { ...context, clock: { now: () => now }, beganAt }, times }, "marts");
    };
    const scheduled = `${dataset}: by its schedule, 15 6-20 * * * in Europe/Berlin; inputs`;
    expect(gated(at(0), at(-1))).toEqual([]);
    expect(gated(at(1), at(0))).toEqual([`${scheduled} complete through 2026-11-20 12:15 (Europe/Berlin)`]);
    expect(gated(at(39), at(-1))).toEqual([]);
    const late = "not complete through 2026-11-20 12:15 (Europe/Berlin), no longer waited for";
    expect(gated(at(40), at(-1))).toEqual([`${scheduled} ${late}: curated.payments is through 2026-11-20 12:14 only`]);
    expect(gated(at(40), at(-1), at(30))).toEqual([]);
  });

  it("one whose gate asks by day: the days that are ready, or have waited long enough, once its inputs were asked", () => {
    const dataset = "mart.payment_reconciliation";
    const tick = new Date("2026-11-20T11:15:00Z");
    const judged = (looked: Date | null, heldBack: readonly string[] = []) => {
      const { context, times } = lake((state) => {
        state.snapshots.set("curated.payments", "2");
        state.dataThrough.set("curated.payments", NOW);
        const schedule = { cron: "15 6-20 * * *", zone: "Europe/Berlin", handledThrough: new Date(0), pause: null };
        state.schedules.set(dataset, { dataset, ...schedule });
        const answers = [
          { day: "2026-11-20", value: 0 },
          { day: "2026-11-19", value: 0 },
          { day: "2026-11-18", value: 3 },
        ];
        if (looked !== null) state.gateLooks.set(dataset, { at: looked, inputs: { "curated.payments": "2" }, answers });
        if (heldBack.length > 0)
          state.heldBack.set(dataset, {
            days: heldBack.map((day) => ({ day, value: null })),
            inputs: { "curated.payments": "2" },
            letThrough: { column: "payment_date", before: "2026-11-20", ready: ["2026-11-18"] },
          });
      });
      const all = judgeModels({ ...context, beganAt: new Date(0) }, times);
      const facts = all.find(({ model }) => model.name === dataset)?.facts;
      return { due: dueModels(all, "marts"), check: facts?.gate?.check, news: facts?.inputs[0] };
    };
    expect(judged(null).due).toEqual([]);
    expect(judged(new Date(0)).due).toEqual([]);
    const { due: now, check } = judged(tick);
    expect(check?.waiting).toEqual([{ day: "2026-11-20", value: 0 }]);
    expect(now).toMatchObject([
      {
        reason: expect.stringContaining("1 day waits for check stripe-has-told"),
        letThrough: { column: "payment_date", before: "2026-11-20", ready: ["2026-11-18"] },
      },
    ]);
    // What was read but for days that wait is not new again.
    const after = judged(tick, ["2026-11-20", "2026-11-21"]);
    expect(after.news).toMatchObject({ consumed: "2", current: "2" });
    expect(after.check?.waiting.map(({ day }) => day)).toEqual(["2026-11-20", "2026-11-21"]);
  });

  it("a mart waits for the model before it in another pipeline", () => {
    const waiting = lake((state) => {
      state.snapshots.set("staged.orders_db__orders", "2");
      state.snapshots.set("curated.orders", "2");
    });
    expect(due(waiting, "marts")).toEqual([]);
    const running = lake((state, times) => {
      state.snapshots.set("curated.orders", "2");
      times.running.add("curated.orders");
    });
    expect(due(running, "marts")).toEqual([]);
  });

  it("a model waits until the models it reads were built once, also when another input is in its run", () => {
    const first = lake((state) => {
      state.snapshots.set("curated.orders", null);
      state.snapshots.set("staged.orders_db__orders", null);
      state.snapshots.set("staged.stripe__customer", "2");
      consumedOf(state, "curated.orders").set("staged.orders_db__orders", null);
    });
    expect(due(first, "customers")).toEqual(["curated.customer_identities: new data in staged.stripe__customer"]);
  });

  it("one whose code changed, and not one that failed a moment ago", () => {
    const recoded = lake((state) => state.codeVersions.set("curated.products", "older"));
    expect(due(recoded, "sales")[0]).toBe("curated.products: the model's code changed");
    const failed = lake((state) => {
      state.codeVersions.set("curated.products", "older");
      state.leftAlone.set("curated.products", { until: new Date(NOW.getTime() + 1), because: "failed", runId: "r" });
    });
    expect(due(failed, "sales")).toEqual([]);
  });
});

describe("the order of models", () => {
  it("puts inputs first and names those that can never run", () => {
    const names = definitions.models.map((model) => model.name);
    for (const model of definitions.models)
      for (const input of Object.keys(model.header.inputs).filter((name) => !name.startsWith("staged.")))
        expect(names.indexOf(input)).toBeLessThan(names.indexOf(model.name));
    const withoutOrders = definitions.models.filter((model) => model.name !== "curated.orders");
    expect(
      inOrder(withoutOrders)
        .circular.map((model) => model.name)
        .toSorted(),
    ).toEqual(["curated.customers", "mart.daily_sales"]);
  });
});
