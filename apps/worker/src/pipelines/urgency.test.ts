import { modelCompiler } from "@nova/engines/sql";
import type { CatalogEntry } from "@nova/pipeline-core/catalog";
import { describe, expect, it } from "vitest";
import { loadDefinitions } from "./definitions.ts";
import { emptyLakeState } from "./lake-state.ts";
import { urgencyOf } from "./urgency.ts";

const NOON = new Date("2026-11-23T12:00:00Z");
const definitions = loadDefinitions(modelCompiler);

/** Urgency by dataset; `lag` is what it may have and `age` what it has, in seconds. */
function urgencies(known: Readonly<Record<string, { lag: number; age: number | null }>>): Record<string, number> {
  const state = emptyLakeState();
  for (const [name, { lag, age }] of Object.entries(known)) {
    state.entries.set(name, { name, targetLagSeconds: lag } as CatalogEntry);
    state.dataThrough.set(name, age === null ? null : new Date(NOON.getTime() - age * 1000));
  }
  const context = { state, definitions, clock: { now: () => NOON } };
  return Object.fromEntries(Object.keys(known).map((name) => [name, Number(urgencyOf(context, name).toFixed(6))]));
}

describe("the urgency of a dataset", () => {
  it("is its age as a share of the lag it may have, of two fifths of the reader's for what a model reads", () => {
    expect(
      urgencies({
        "staged.orders_db__hr__absences": { lag: 180, age: 45 },
        "curated.orders": { lag: 60, age: 45 },
        "staged.orders_db__orders": { lag: 180, age: 36 },
      }),
    ).toEqual({ "staged.orders_db__hr__absences": 0.25, "curated.orders": 0.9375, "staged.orders_db__orders": 1.5 });
  });

  it("lets a quiet dataset come first once it is the latest in proportion, and one without data before all others", () => {
    const of = urgencies({
      "staged.orders_db__hr__absences": { lag: 180, age: 400 },
      "curated.orders": { lag: 60, age: 100 },
      "curated.customers": { lag: 120, age: null },
    });
    expect(
      Object.entries(of)
        .toSorted(([, a], [, b]) => b - a)
        .map(([name]) => name),
    ).toEqual(["curated.customers", "staged.orders_db__hr__absences", "curated.orders"]);
  });
});
