const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const ZERO = 0x30;
/** By byte, of those that stand in no JSON string. */
const ESCAPES = Array.from({ length: BACKSLASH + 1 }, (_, byte) =>
  JSON.stringify(String.fromCharCode(byte)).slice(1, -1),
);
const LONGEST_ESCAPE = 6;
const HEX = Buffer.from("0123456789abcdef");
/** How `JSON.stringify` begins to write one, and nothing else but text that is about escapes. */
const LONE_SURROGATE = "\\ud";
const FIRST_SIZE = 64 * 1024;

/** JSON text as it grows, in UTF-8. Strings come from UTF-8 bytes and go into it without becoming JavaScript strings. */
export class JsonBytes {
  length = 0;
  private buffer = Buffer.allocUnsafe(FIRST_SIZE);

  /** Bytes of memory held. */
  get size(): number {
    return this.buffer.length;
  }

  /** Starts anew in the same memory. */
  clear(): void {
    this.length = 0;
  }

  /** Forgets what was written from `length` on. */
  cut(length: number): void {
    this.length = length;
  }

  /** What was written; valid until something else is. */
  written(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  /** All bytes of a buffer. */
  raw(source: Buffer): void {
    this.reserve(source.length);
    this.buffer.set(source, this.length);
    this.length += source.length;
  }

  /** Bytes of a buffer from `start` to `end`. */
  part(source: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    source.copy(this.buffer, this.length, start, end);
    this.length += end - start;
  }

  /** One byte. */
  byte(byte: number): void {
    this.reserve(1);
    this.buffer[this.length] = byte;
    this.length += 1;
  }

  /** A JSON string of UTF-8 bytes. */
  string(source: Buffer, start: number, end: number): void {
    this.reserve(LONGEST_ESCAPE * (end - start) + 2);
    const { buffer } = this;
    let to = this.length;
    buffer[to++] = QUOTE;
    for (let from = start; from < end; from += 1) {
      const byte = source[from] as number;
      if (byte < SPACE || byte === QUOTE || byte === BACKSLASH)
        to += buffer.write(ESCAPES[byte] as string, to, "latin1");
      else {
        buffer[to] = byte;
        to += 1;
      }
    }
    buffer[to++] = QUOTE;
    this.length = to;
  }

  /** A JSON string of hexadecimal digits, two a byte. */
  hex(source: Buffer, start: number, end: number): void {
    this.reserve(2 * (end - start) + 2);
    const { buffer } = this;
    let to = this.length;
    buffer[to++] = QUOTE;
    for (let from = start; from < end; from += 1) {
      const byte = source[from] as number;
      buffer[to++] = HEX[byte >> 4] as number;
      buffer[to++] = HEX[byte & 15] as number;
    }
    buffer[to++] = QUOTE;
    this.length = to;
  }

  /** A whole number below 10 ** `width` with leading zeros. */
  digits(value: number, width: number): void {
    this.reserve(width);
    this.length += width;
    writeDigits(this.buffer, this.length, value, width);
  }

  /** Text of ASCII alone. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let index = 0; index < text.length; index += 1) this.buffer[this.length++] = text.charCodeAt(index);
  }

  /** Any value, as `JSON.stringify` writes it. */
  value(value: unknown): void {
    const text = wellFormed(JSON.stringify(value));
    this.reserve(3 * text.length);
    this.length += this.buffer.write(text, this.length, "utf8");
  }

  /** Bytes that were written before, again. */
  again(start: number, end: number): void {
    this.reserve(end - start);
    this.buffer.copyWithin(this.length, start, end);
    this.length += end - start;
  }

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(2 * (this.length + bytes));
    larger.set(this.written());
    this.buffer = larger;
  }
}

/** Half a surrogate pair is legal in a JavaScript string but not in JSON that others read: it becomes U+FFFD. */
function wellFormed(json: string): string {
  if (!json.includes(LONE_SURROGATE)) return json;
  return json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (escape) => (escape === "\\\\" ? escape : "\uFFFD"));
}

/** Writes a whole number with leading zeros so that it ends before `end`. */
export function writeDigits(buffer: Buffer, end: number, value: number, width: number): void {
  let rest = value;
  for (let at = end - 1; at >= end - width; at -= 1) {
    buffer[at] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
