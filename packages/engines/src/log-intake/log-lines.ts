import { PlatformError } from "@nova/pipeline-core/kernel";
import type { EnvelopeLines } from "./envelope-lines.ts";
import { checkLine } from "./log-record.ts";

/**
 * Writes lines of JSON, or one JSON array, as envelope lines, and refuses there what is no record. `service`: as `checkLine`
 * has it. Throws `payload-rejected` for a broken array.
 */
export function readLines(body: Buffer, lines: EnvelopeLines, service: string | null): void {
  const text = body.toString("utf8");
  if (text.trimStart().startsWith("[")) readArray(text, lines, service);
  else readEachLine(text, lines, service);
}

function readEachLine(text: string, lines: EnvelopeLines, service: string | null): void {
  text.split("\n").forEach((line, index) => {
    if (line.trim() === "") return;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      lines.refuse(index + 1, "malformed", "line: not valid JSON", line);
      return;
    }
    const checked = checkLine(value, service);
    if (checked.ok) lines.add(checked.record, index + 1);
    else lines.refuse(index + 1, "malformed", checked.detail, line);
  });
}

function readArray(text: string, lines: EnvelopeLines, service: string | null): void {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch (error) {
    throw new PlatformError("payload-rejected", "the body is not a JSON array", { cause: error });
  }
  (values as unknown[]).forEach((value, index) => {
    const checked = checkLine(value, service);
    if (checked.ok) lines.add(checked.record, index + 1);
    else lines.refuse(index + 1, "malformed", checked.detail, JSON.stringify(value));
  });
}
