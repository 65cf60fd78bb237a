import type { BackfillOptions } from "@nova/pipeline-core/catalog";
import { expect, it } from "vitest";
import { type BackfillForm, specOf } from "./backfill-form.ts";

const OPTIONS: BackfillOptions = {
  runs: "per_day",
  parameters: { tolerance: { type: "decimal(12,2)", default: "0.00", max: "5.00", description: "What is let pass." } },
  noParameters: null,
};
const form = (change: Partial<BackfillForm>): BackfillForm => ({
  from: "2026-11-01",
  to: "2026-11-03",
  scope: "all",
  downstream: false,
  cut: "per_day",
  days: "7",
  parallelism: "1",
  parameters: {},
  ...change,
});
const asked = (change: Partial<BackfillForm>) => specOf("mart.x", form(change), OPTIONS);

it.each([
  [{ cut: "per_day" }, { perRun: 1 }],
  [{ cut: "per_range" }, { perRun: "range" }],
  [{ cut: "days" }, { perRun: 7 }],
  [{ parameters: { tolerance: "0.5" } }, { parameters: { tolerance: "0.50" } }],
] as const)("%j asks for %j", (change, spec) => {
  expect(asked(change)).toMatchObject({ spec });
});

it("asks for no parameter that is the default", () => {
  const given = asked({ parameters: { tolerance: "0" } });
  expect("spec" in given && given.spec).not.toHaveProperty("parameters");
});

it.each([
  [{ parameters: { tolerance: "9" } }, "tolerance must be at most 5.00."],
  [{ cut: "days", days: "0" }, "perRun: must be between 1 and 10000 days, or range"],
  [{ to: "" }, "Name the first and the last day, or neither."],
] as const)("%j is told as %s", (change, problem) => {
  expect(asked(change)).toEqual({ problem });
});
