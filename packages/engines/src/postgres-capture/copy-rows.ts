import { columnPrefix, rowJsonWriter } from "./row-json.ts";

/** Takes chunks of COPY's text format as they come and calls `row` for every whole line. */
export interface CopyRowReader {
  push(chunk: Buffer): void;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const BACKSLASH = 0x5c;
const NULL_MARK = 0x4e;

/**
 * COPY and logical replication print values with the same output functions, so both give the same text; this gives them the
 * same JSON. `key` names the columns of the key; rows of a table without one have the key null.
 */
export function copyRowReader(
  columns: readonly string[],
  key: readonly string[],
  row: (key: string | null, payload: string) => void,
): CopyRowReader {
  const prefixes = columns.map(columnPrefix);
  const keyIndexes = key.map((name) => columns.indexOf(name));
  const starts = new Int32Array(columns.length + 1);
  const writer = rowJsonWriter();
  /** Parts of a line whose end has not come yet. */
  let rest: Buffer[] = [];

  const field = (line: Buffer, index: number): void => {
    const start = starts[index] as number;
    const end = (starts[index + 1] as number) - 1;
    if (end - start === 2 && line[start] === BACKSLASH && line[start + 1] === NULL_MARK)
      writer.null(prefixes[index] as Buffer);
    else writer.copyText(prefixes[index] as Buffer, line, start, end);
  };

  const readLine = (source: Buffer, start: number, end: number): void => {
    let index = 1;
    starts[0] = start;
    for (let at = start; at < end; at += 1) {
      if (source[at] === TAB) starts[index++] = at + 1;
    }
    starts[index] = end + 1;
    writer.begin();
    for (let column = 0; column < prefixes.length; column += 1) field(source, column);
    const payload = writer.finish();
    if (keyIndexes.length === 0) return row(null, payload);
    writer.begin();
    for (const column of keyIndexes) field(source, column);
    row(writer.finish(), payload);
  };

  return {
    push(chunk) {
      let source = chunk;
      if (rest.length > 0) {
        rest.push(chunk);
        if (chunk.indexOf(NEWLINE) < 0) return;
        source = Buffer.concat(rest);
      }
      let start = 0;
      for (;;) {
        const end = source.indexOf(NEWLINE, start);
        if (end < 0) break;
        readLine(source, start, end);
        start = end + 1;
      }
      rest = start === source.length ? [] : [source.subarray(start)];
    },
  };
}
