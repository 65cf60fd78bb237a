import { PlatformError } from "@nova/pipeline-core/kernel";
import type { EnvelopeLines } from "./envelope-lines.ts";
import { checkLine } from "./log-record.ts";

export interface RefusedLine {
  /** From 1. */
  readonly line: number;
  readonly detail: string;
  readonly payload: string;
}

/** Writes lines of JSON, or one JSON array, as envelope lines; returns what was refused. Throws `payload-rejected` for a broken array. */
export function readLines(body: Buffer, lines: EnvelopeLines): readonly RefusedLine[] {
  const text = body.toString("utf8");
  return text.trimStart().startsWith("[") ? readArray(text, lines) : readEachLine(text, lines);
}

function readEachLine(text: string, lines: EnvelopeLines): RefusedLine[] {
  const refused: RefusedLine[] = [];
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      refused.push({ line: index + 1, detail: "line: not valid JSON", payload: line });
      return;
    }
    const detail = take(lines, value);
    if (detail !== null) refused.push({ line: index + 1, detail, payload: line });
  });
  return refused;
}

function readArray(text: string, lines: EnvelopeLines): RefusedLine[] {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new PlatformError("payload-rejected", "the body is not a JSON array", { cause: error });
  }
  const refused: RefusedLine[] = [];
  (values as unknown[]).forEach((value, index) => {
    const detail = take(lines, value);
    if (detail !== null) refused.push({ line: index + 1, detail, payload: JSON.stringify(value) });
  });
  return refused;
}

/** Adds the line of a record; returns what is wrong when it is none. */
function take(lines: EnvelopeLines, value: unknown): string | null {
  const checked = checkLine(value);
  if (!checked.ok) return checked.detail;
  lines.add(checked.record);
  return null;
}
