import type { RunLogRow } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { countLevels, filterLog, foldFields } from "./filter-log.ts";

const row = (seq: number, over: Partial<RunLogRow>): RunLogRow => ({
  seq,
  dataset: "curated.orders",
  at: new Date(0),
  level: "info",
  message: "committed",
  fields: {},
  ...over,
});
const LINES = [
  row(1, {}),
  row(2, { level: "error", message: "Out of Memory" }),
  row(3, { dataset: null, message: "run begins" }),
  row(4, { dataset: "mart.daily_sales", fields: { snapshot: "8812", rows: 3 } }),
];
const seqs = (rows: readonly RunLogRow[]): number[] => rows.map((one) => one.seq);
const ALL = { text: "", levels: [], step: null } as const;

describe("the log's filter", () => {
  it("lets everything through when nothing is chosen", () => {
    expect(filterLog(LINES, ALL)).toHaveLength(4);
  });

  it("looks for the text in message, dataset and fields, without case", () => {
    expect(seqs(filterLog(LINES, { ...ALL, text: "MEMORY" }))).toEqual([2]);
    expect(seqs(filterLog(LINES, { ...ALL, text: "daily" }))).toEqual([4]);
    expect(seqs(filterLog(LINES, { ...ALL, text: "8812" }))).toEqual([4]);
  });

  it("narrows by step and level together", () => {
    expect(seqs(filterLog(LINES, { ...ALL, step: "curated.orders", levels: ["error", "warn"] }))).toEqual([2]);
  });

  it("counts levels as if none were chosen, so that a chip says what it would show", () => {
    expect(countLevels(LINES, { text: "", step: "curated.orders" })).toEqual({ error: 1, warn: 0, info: 1, debug: 0 });
  });
});

it("folds fields into one line", () => {
  expect(foldFields({ rows: 3, snapshot: "8812", inputs: ["a", "b"] })).toBe('rows=3 snapshot=8812 inputs=["a","b"]');
});
