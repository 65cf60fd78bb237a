import type { RunLogRow } from "@nova/db/read-models";

/** What is known of a log: a stretch of lines that reaches to the newest. */
export interface LogStretch {
  /** Oldest first, each seq once. */
  readonly lines: readonly RunLogRow[];
  /** There are lines before the first one here. */
  readonly earlier: boolean;
}

/** Lines written side by side may land in another order than their seq: this many are read again. */
const OVERLAP = 50;

/** The seq to read on from. */
export function resumeAfter(lines: readonly RunLogRow[]): number {
  return lines.at(-OVERLAP)?.seq ?? 0;
}

/** Both sets in order of seq, each line once. */
export function mergeLines(known: readonly RunLogRow[], more: readonly RunLogRow[]): readonly RunLogRow[] {
  const last = known.at(-1)?.seq ?? -1;
  if (more.every((line) => line.seq <= last) && more.length <= OVERLAP) {
    const seqs = new Set(known.map((line) => line.seq));
    if (more.every((line) => seqs.has(line.seq))) return known;
  }
  const bySeq = new Map([...known, ...more].map((line) => [line.seq, line]));
  return [...bySeq.values()].toSorted((a, b) => a.seq - b.seq);
}
