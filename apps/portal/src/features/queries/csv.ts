import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";
import { valueText } from "./result-values.ts";

/** A spreadsheet would run a text that begins like this as a formula (OWASP, CSV injection). */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;

/** One field per RFC 4180; null is an empty field, an empty text is quoted. */
export function csvField(value: ResultValue): string {
  const text = valueText(value);
  if (text === null) return "";
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return safe === "" || /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function csvRecord(values: readonly ResultValue[]): string {
  return `${values.map(csvField).join(",")}\r\n`;
}

export function csvHead(columns: readonly ResultColumn[]): string {
  return csvRecord(columns.map((column) => column.name));
}
