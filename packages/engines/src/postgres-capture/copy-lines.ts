import { isUtf8 } from "node:buffer";

/** Whole lines of COPY's text format; in each field stands what a JSON string of its value has between the quotes. */
export interface CopyLines {
  readonly bytes: Buffer;
  readonly count: number;
  readonly longest: number;
  /** The last line, without its end. */
  readonly last: string;
}

/** Takes chunks of COPY's text format as they come and hands on whole lines, many at once. */
export interface CopyLineReader {
  push(chunk: Buffer): void;
}

const TAB = 0x09;
const NEWLINE = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const VERTICAL_TAB = Buffer.from("\\v");
const HEX = Buffer.from("0123456789abcdef");

const FOREIGN = 1;
const ESCAPED = 2;
const WIDE = 4;
/** By byte: what a line that holds it may need. */
const NEEDS = new Uint8Array(256).map((_, byte) => {
  if (byte === TAB || byte === NEWLINE) return 0;
  if (byte < 32 || byte === QUOTE) return FOREIGN;
  if (byte === BACKSLASH) return ESCAPED;
  return byte < 128 ? 0 : WIDE;
});

/**
 * COPY and JSON escape alike (`\b \f \n \r \t \\`), so nearly all lines are handed on as they came, and no value becomes a
 * JavaScript string. Only the bytes that COPY leaves alone and JSON does not (quotes, the other control characters) and
 * COPY's `\v` are written anew. `\N` stays what it is: no value. Bytes that are no UTF-8 become U+FFFD, as they do in
 * the stream.
 */
export function copyLineReader(take: (lines: CopyLines) => void): CopyLineReader {
  /** Parts of a line whose end has not come yet. */
  let rest: Buffer[] = [];
  return {
    push(chunk) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        rest.push(chunk);
        return;
      }
      const whole = chunk.subarray(0, end);
      const lines = asJsonText(rest.length === 0 ? whole : Buffer.concat([...rest, whole]));
      rest = end === chunk.length ? [] : [chunk.subarray(end)];
      take(measure(lines));
    },
  };
}

function measure(bytes: Buffer): CopyLines {
  let count = 0;
  let longest = 0;
  let start = 0;
  let last = 0;
  for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
    count += 1;
    longest = Math.max(longest, end - start);
    last = start;
    start = end + 1;
  }
  return { bytes, count, longest, last: bytes.toString("utf8", last, bytes.length - 1) };
}

function asJsonText(lines: Buffer): Buffer {
  let needs = 0;
  for (let index = 0; index < lines.length; index += 1) needs |= NEEDS[lines[index] as number] as number;
  const readable = (needs & WIDE) === 0 || isUtf8(lines) ? lines : Buffer.from(lines.toString("utf8"));
  const foreign = (needs & FOREIGN) !== 0 || ((needs & ESCAPED) !== 0 && readable.includes(VERTICAL_TAB));
  return foreign ? escaped(readable) : readable;
}

function escaped(lines: Buffer): Buffer {
  const out = Buffer.allocUnsafe(lines.length * 6);
  let at = 0;
  const unicode = (byte: number): void => {
    at += out.write("\\u00", at, "latin1");
    out[at++] = HEX[byte >> 4] as number;
    out[at++] = HEX[byte & 15] as number;
  };
  for (let index = 0; index < lines.length; index += 1) {
    const byte = lines[index] as number;
    if (byte === BACKSLASH) {
      index += 1;
      const next = lines[index] as number;
      if (next === 0x76) unicode(0x0b);
      else {
        out[at++] = BACKSLASH;
        out[at++] = next;
      }
    } else if (byte === QUOTE) {
      out[at++] = BACKSLASH;
      out[at++] = QUOTE;
    } else if (NEEDS[byte] === FOREIGN) unicode(byte);
    else out[at++] = byte;
  }
  return out.subarray(0, at);
}
