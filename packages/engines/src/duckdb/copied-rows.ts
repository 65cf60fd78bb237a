import type { CopiedRows } from "@nova/pipeline-core/lakehouse";
import { ident, literal } from "./sql-text.ts";

/** Bytes that one thread reads at once: a file of a few of them is read by all threads. */
const READ_BYTES = 4 * 1024 ** 2;
const SHORT_LINE = 64 * 1024;

/**
 * Copied rows as envelope rows. The lines hold no escape of the reader's own and every value in the form that JSON has it,
 * so a payload is the values between their names. `"\N"` can only be a missing value: within a value a backslash is never
 * alone and a quote never without one.
 */
export function copiedRelation(rows: CopiedRows): string {
  const values = new Map(rows.columns.map((name, index) => [name, `v${index}`]));
  const object = (names: readonly string[]): string => {
    const members = names.map((name, index) => {
      const start = `${index === 0 ? "{" : '",'}${JSON.stringify(name)}:"`;
      return `${literal(start)}, ${ident(values.get(name) ?? "")}`;
    });
    return members.length === 0 ? "'{}'" : `replace(concat(${members.join(", ")}, '"}'), '"\\N"', 'null')`;
  };
  const key = rows.key.length === 0 ? "CAST(NULL AS VARCHAR)" : object(rows.key);
  const columns = ["mark", ...values.values()].map((name) => `${literal(name)}: 'VARCHAR'`).join(", ");
  const longest = Math.max(SHORT_LINE, rows.longest + 1);
  return `(SELECT ${literal(rows.stream)} AS stream, ${literal(rows.op)} AS op, ${key} AS key, ${object(rows.columns)} AS payload,
      CAST(NULL AS VARCHAR) AS unchanged, make_timestamptz(${rows.sourceTs}) AS source_ts, ${literal(rows.position)} AS position,
      ${rows.schemaVersion} AS schema_version
    FROM read_csv(${literal(rows.file)}, auto_detect = false, header = false, delim = '\t', quote = '', escape = '', comment = '',
      nullstr = '\\-', new_line = '\\n', columns = {${columns}}, max_line_size = ${longest}, buffer_size = ${Math.max(READ_BYTES, 2 * longest)}))`;
}
