import type { CatalogEntry } from "@nova/pipeline-core/catalog";
import type { CheckDefinition } from "@nova/pipeline-core/quality";
import { memoryQualityStore } from "@nova/pipeline-core/quality/testing";
import { expect, it } from "vitest";
import { recordTurnedFreshness } from "./check-datasets.ts";
import { emptyLakeState } from "./lake-state.ts";

const now = new Date("2026-06-01T12:00:00Z");
const orders: CatalogEntry = {
  name: "curated.orders",
  kind: "merge",
  description: "",
  owner: "",
  columns: [],
  key: ["order_id"],
  inputs: [],
  targetLagSeconds: 60,
  pipeline: "sales",
  sql: "",
  path: "",
  codeVersion: "",
};
const check: CheckDefinition = {
  dataset: "curated.orders",
  name: "freshness",
  kind: "freshness",
  column: null,
  severity: "error",
  blocking: false,
  threshold: 60,
  description: "",
};

it("a dataset that caught up is called fresh at the next sample, and only once", async () => {
  const quality = memoryQualityStore();
  await quality.saveChecks(["curated.orders"], [check]);
  const state = emptyLakeState();
  state.entries.set("curated.orders", orders);
  state.checks.set("curated.orders", [check]);
  state.freshnessOutcomes.set("curated.orders", "failed");
  const context = { state, quality, clock: { now: () => now } };

  state.dataThrough.set("curated.orders", new Date(now.getTime() - 61_000));
  await recordTurnedFreshness(context);
  expect(quality.results).toEqual([]);

  state.dataThrough.set("curated.orders", new Date(now.getTime() - 5_000));
  await recordTurnedFreshness(context);
  await recordTurnedFreshness(context);
  expect(quality.results).toMatchObject([{ outcome: "passed", value: 5, at: now }]);
});
