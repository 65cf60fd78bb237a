import type { RunLogRow } from "@nova/db/read-models";
import { describe, expect, it } from "vitest";
import { mergeLines, resumeAfter } from "./merge-log.ts";

const line = (seq: number): RunLogRow => ({
  seq,
  dataset: null,
  at: new Date(seq),
  level: "info",
  message: `${seq}`,
  fields: {},
});
const lines = (from: number, to: number): RunLogRow[] =>
  Array.from({ length: to - from + 1 }, (_, index) => line(from + index));
const seqs = (rows: readonly RunLogRow[]): number[] => rows.map((row) => row.seq);

describe("a log that grows", () => {
  it("takes each line once, in order", () => {
    expect(seqs(mergeLines([line(1), line(3)], [line(3), line(4)]))).toEqual([1, 3, 4]);
  });

  it("puts a line that became visible late in its place", () => {
    expect(seqs(mergeLines([line(1), line(3)], [line(2), line(3)]))).toEqual([1, 2, 3]);
  });

  it("stays the same object when nothing is new, so that nothing is drawn again", () => {
    const known = lines(1, 20);
    expect(mergeLines(known, known.slice(5))).toBe(known);
    expect(mergeLines(known, [])).toBe(known);
  });

  it("reads on a little before its end, and from the start while it is short", () => {
    expect(resumeAfter(lines(1, 10))).toBe(0);
    expect(resumeAfter(lines(1, 200))).toBe(151);
  });
});
