import { modelCompiler } from "@nova/engines/sql";
import type { CatalogEntry } from "@nova/pipeline-core/catalog";
import { describe, expect, it } from "vitest";
import { deadlineOf } from "./deadline.ts";
import { loadDefinitions } from "./definitions.ts";
import { emptyLakeState } from "./lake-state.ts";

const NOON = Date.parse("2026-11-23T12:00:00Z");
const definitions = loadDefinitions(modelCompiler);

function deadlines(known: Readonly<Record<string, { lag: number; through: number | null }>>): Record<string, number> {
  const state = emptyLakeState();
  for (const [name, { lag, through }] of Object.entries(known)) {
    state.entries.set(name, { name, targetLagSeconds: lag } as CatalogEntry);
    state.dataThrough.set(name, through === null ? null : new Date(NOON + through * 1000));
  }
  return Object.fromEntries(
    Object.keys(known).map((name) => [name, (deadlineOf({ state, definitions }, name) - NOON) / 1000]),
  );
}

describe("the deadline of a dataset", () => {
  it("is its data-through time plus the lag it may have, in half the time for what a model waits for", () => {
    expect(
      deadlines({
        "staged.orders_db__hr__absences": { lag: 180, through: 0 },
        "curated.orders": { lag: 60, through: 0 },
        "staged.orders_db__orders": { lag: 180, through: 0 },
      }),
    ).toEqual({ "staged.orders_db__hr__absences": 180, "curated.orders": 60, "staged.orders_db__orders": 30 });
  });

  it("lets a quiet dataset come first once it is the latest, and one without data before all others", () => {
    const of = deadlines({
      "staged.orders_db__hr__absences": { lag: 180, through: -300 },
      "curated.orders": { lag: 60, through: -20 },
      "curated.customers": { lag: 120, through: null },
    });
    expect(
      Object.entries(of)
        .toSorted(([, a], [, b]) => a - b)
        .map(([name]) => name),
    ).toEqual(["curated.customers", "staged.orders_db__hr__absences", "curated.orders"]);
  });
});
