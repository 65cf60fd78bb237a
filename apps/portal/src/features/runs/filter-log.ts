import type { LogLevel } from "@nova/pipeline-core/kernel";
import type { RunLogRow } from "@nova/db/read-models";

export interface LogFilter {
  readonly text: string;
  /** Empty = every level. */
  readonly levels: readonly LogLevel[];
  /** Dataset of a step; null = every step and the run itself. */
  readonly step: string | null;
}

/** Lines that a filter lets through; the text is looked for in message, dataset and fields, without case. */
export function filterLog(lines: readonly RunLogRow[], { text, levels, step }: LogFilter): readonly RunLogRow[] {
  const wanted = text.toLowerCase();
  return lines.filter(
    (line) =>
      (step === null || line.dataset === step) &&
      (levels.length === 0 || levels.includes(line.level)) &&
      (wanted === "" || textOf(line).includes(wanted)),
  );
}

/** Lines per level among those of the step and text, so that a count says what its chip would show. */
export function countLevels(lines: readonly RunLogRow[], filter: Omit<LogFilter, "levels">): Record<LogLevel, number> {
  const counts: Record<LogLevel, number> = { error: 0, warn: 0, info: 0, debug: 0 };
  for (const line of filterLog(lines, { ...filter, levels: [] })) counts[line.level] += 1;
  return counts;
}

function textOf(line: RunLogRow): string {
  return `${line.message} ${line.dataset ?? ""} ${JSON.stringify(line.fields)}`.toLowerCase();
}

/** Fields on one line: `rows=120 milliseconds=81`. */
export function foldFields(fields: RunLogRow["fields"]): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
}
