import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";

/** What a spreadsheet takes for a formula at the start of a cell (OWASP, "CSV Injection"). */
const FORMULA = /^[=+\-@\t\r]/;

/** RFC 4180: CRLF after every record, quotes where needed; text that looks like a formula gets an apostrophe before it. */
export function csvRecord(values: readonly string[]): string {
  return `${values.map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value)).join(",")}\r\n`;
}

/** Cells of a row. Numbers are left as they are: only text can carry a formula. Null is an empty cell. */
export function csvCells(columns: readonly ResultColumn[], row: readonly ResultValue[]): string[] {
  return row.map((value, index) => {
    const text = cellText(value);
    return isText(columns[index]?.type ?? "") && FORMULA.test(text) ? `'${text}` : text;
  });
}

export function cellText(value: ResultValue): string {
  if (value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Everything but numbers and times, whose own text may start with a minus. */
function isText(type: string): boolean {
  return !/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL|DOUBLE|FLOAT|DATE|TIME|INTERVAL)/.test(type);
}
