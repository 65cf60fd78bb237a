import { modelCompiler } from "@nova/engines/sql";
import { describe, expect, it } from "vitest";
import type { PipelineContext } from "./context.ts";
import { inOrder, loadDefinitions } from "./definitions.ts";
import { consumedOf, emptyLakeState, type ModelTimes } from "./lake-state.ts";
import { createSlots } from "./slots.ts";
import { dueModels } from "./refresh-models.ts";

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
    clock: { now: () => NOW },
    pace: { model: 0, lagShare: 0.25 },
    slots: createSlots(1),
  } as Partial<PipelineContext> as PipelineContext;
  return { context, times };
}
const due = ({ context, times }: ReturnType<typeof lake>, pipeline: string) =>
  dueModels(context, times, pipeline).map(({ model, reason }) => `${model.name}: ${reason}`);

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
