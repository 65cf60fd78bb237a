import { PlatformError } from "@nova/pipeline-core/kernel";
import type { EnvelopeLines } from "./envelope-lines.ts";
import { FinishedLines } from "./finished-lines.ts";
import { checkLine } from "./log-record.ts";

const NEWLINE = 0x0a;
const SPACE = 0x20;
const OPEN_LIST = 0x5b;
/** Behind the last byte of ASCII: what is white space there, a decoder knows. */
const FIRST_OTHER = 0x80;

/**
 * Writes lines of JSON, or one JSON array, as envelope lines, and refuses there what is no record. `service`: as `checkLine`
 * has it. Throws `payload-rejected` for a broken array.
 */
export function readLines(body: Buffer, lines: EnvelopeLines, service: string | null): void {
  if (isArray(body)) readArray(body.toString("utf8"), lines, service);
  else readEachLine(body, lines, service);
}

function isArray(body: Buffer): boolean {
  const first = body.find((byte) => byte > SPACE) ?? SPACE;
  return first >= FIRST_OTHER ? body.toString("utf8").trimStart().startsWith("[") : first === OPEN_LIST;
}

function readEachLine(body: Buffer, lines: EnvelopeLines, service: string | null): void {
  const finished = new FinishedLines();
  let number = 1;
  for (let start = 0; start < body.length; number += 1) {
    const found = body.indexOf(NEWLINE, start);
    const end = found < 0 ? body.length : found;
    if (finished.isOne(body, start, end)) {
      const { tsStart, tsEnd } = finished;
      lines.begin();
      const offset = lines.json.length - start;
      lines.json.part(body, start, end);
      lines.end(tsStart + offset, tsEnd + offset, number);
    } else {
      const line = body.toString("utf8", start, end);
      if (line.trim() !== "") readLine(line, number, lines, service);
    }
    start = end + 1;
  }
}

/** One line of JSON, the `number`-th of its batch. */
export function readLine(line: string, number: number, lines: EnvelopeLines, service: string | null): void {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    lines.refuse(number, "malformed", "line: not valid JSON", line);
    return;
  }
  const checked = checkLine(value, service);
  if (checked.ok) lines.add(checked.record, number);
  else lines.refuse(number, "malformed", checked.detail, line);
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
