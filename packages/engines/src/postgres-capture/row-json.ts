/**
 * Writes one row as a JSON object of text values, byte by byte into one growing buffer, and turns it into a string once per
 * row: no object, and no string per value. `{"id":"7","note":null}`: a value is the text PostgreSQL's output function gives.
 */
export interface RowJsonWriter {
  begin(): void;
  /** `prefix` is `columnPrefix(name)`. */
  text(prefix: Buffer, source: Buffer, start: number, end: number): void;
  /** The same from COPY's text format, whose escapes are taken back. */
  copyText(prefix: Buffer, source: Buffer, start: number, end: number): void;
  null(prefix: Buffer): void;
  finish(): string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const NULL_TEXT = Buffer.from("null");
const HEX = Buffer.from("0123456789abcdef");
/** Second byte of the short JSON escapes; 0 where `\u00XX` is needed. */
const SHORT_ESCAPE = new Uint8Array(32);
SHORT_ESCAPE[8] = 0x62;
SHORT_ESCAPE[9] = 0x74;
SHORT_ESCAPE[10] = 0x6e;
SHORT_ESCAPE[12] = 0x66;
SHORT_ESCAPE[13] = 0x72;

/** The bytes `"name":`, escaped as JSON. */
export function columnPrefix(name: string): Buffer {
  return Buffer.from(`${JSON.stringify(name)}:`);
}

export function rowJsonWriter(): RowJsonWriter {
  let out = Buffer.allocUnsafe(64 * 1024);
  let at = 0;
  let seen = 0;

  const reserve = (bytes: number): void => {
    if (at + bytes <= out.length) return;
    const grown = Buffer.allocUnsafe(Math.max(out.length * 2, at + bytes));
    out.copy(grown, 0, 0, at);
    out = grown;
  };

  const name = (prefix: Buffer): void => {
    if (at > 1) out[at++] = COMMA;
    for (let index = 0; index < prefix.length; index += 1) {
      const byte = prefix[index] as number;
      seen |= byte;
      out[at++] = byte;
    }
  };

  const escaped = (byte: number): void => {
    out[at++] = BACKSLASH;
    if (byte >= 32) {
      out[at++] = byte;
      return;
    }
    const short = SHORT_ESCAPE[byte] as number;
    if (short !== 0) {
      out[at++] = short;
      return;
    }
    out[at++] = 0x75;
    out[at++] = 0x30;
    out[at++] = 0x30;
    out[at++] = HEX[byte >> 4] as number;
    out[at++] = HEX[byte & 15] as number;
  };

  return {
    begin() {
      at = 0;
      seen = 0;
      out[at++] = 0x7b;
    },
    text(prefix, source, start, end) {
      reserve((end - start) * 6 + prefix.length + 8);
      name(prefix);
      out[at++] = QUOTE;
      for (let index = start; index < end; index += 1) {
        const byte = source[index] as number;
        if (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH) {
          seen |= byte;
          out[at++] = byte;
        } else escaped(byte);
      }
      out[at++] = QUOTE;
    },
    copyText(prefix, source, start, end) {
      reserve((end - start) * 6 + prefix.length + 8);
      name(prefix);
      out[at++] = QUOTE;
      for (let index = start; index < end; index += 1) {
        const byte = source[index] as number;
        if (byte >= 32 && byte !== QUOTE && byte !== BACKSLASH) {
          seen |= byte;
          out[at++] = byte;
        } else if (byte === BACKSLASH) {
          index += 1;
          const next = source[index] as number;
          seen |= next;
          escaped(unescapedCopyByte(next));
        } else escaped(byte);
      }
      out[at++] = QUOTE;
    },
    null(prefix) {
      reserve(prefix.length + 8);
      name(prefix);
      at += NULL_TEXT.copy(out, at);
    },
    finish() {
      reserve(1);
      out[at++] = 0x7d;
      return out.toString(seen < 0x80 ? "latin1" : "utf8", 0, at);
    },
  };
}

/** What COPY's text format means by a backslash and this byte (PostgreSQL manual, COPY, "Text Format"). */
function unescapedCopyByte(byte: number): number {
  switch (byte) {
    case 0x62:
      return 8;
    case 0x66:
      return 12;
    case 0x6e:
      return 10;
    case 0x72:
      return 13;
    case 0x74:
      return 9;
    case 0x76:
      return 11;
    default:
      return byte;
  }
}
