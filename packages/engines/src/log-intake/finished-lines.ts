import { isTime } from "./iso-text.ts";
import { MAX_LEVEL, MAX_SERVICE } from "./log-record.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const [T, Z] = Buffer.from("TZ") as unknown as [number, number];
const [UPPER_A, UPPER_Z] = Buffer.from("AZ") as unknown as [number, number];

const TS = Buffer.from('{"ts":"');
const SERVICE = Buffer.from(',"service":"');
const LEVEL = Buffer.from(',"level":"');
const MESSAGE = Buffer.from(',"message":"');
const ATTRIBUTES = Buffer.from(',"attributes":{');
const TRACE_ID = Buffer.from(',"trace_id":');
const SPAN_ID = Buffer.from(',"span_id":');
const [NULL, TRUE, FALSE] = ["null", "true", "false"].map((word) => Buffer.from(word)) as [Buffer, Buffer, Buffer];

/** By byte: stands in a JSON string as it is. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);
/** By byte behind a backslash: the escapes that `JSON.stringify` writes, `\u` apart, which is left to it. */
const ESCAPE = Uint8Array.from({ length: 256 }, (_, byte) => ('"\\bfnrt'.includes(String.fromCharCode(byte)) ? 1 : 0));

/** So many digits a number may have and surely be written as it came. */
const SURE_DIGITS = 15;
/** Numbers below 10 ** -6 are written with an exponent. */
const SURE_FRACTION = 6;
const MOST_KEYS = 64;
const MOST_DEPTH = 8;
const DATE_LENGTH = "2026-11-23".length;
const SECONDS_LENGTH = "2026-11-23T09:30:00".length;
const LONGEST_TIME = 40;

/**
 * Knows lines that stand already, byte for byte, as reading and writing them would leave them: they need neither. Services
 * that write compact JSON in the order of the fields send nothing else. Never takes what would be refused or written in
 * another way (`finished-lines.test.ts`): of what it does not know, however valid, it says no.
 */
export class FinishedLines {
  /** Of the line that was looked at last: where its time stands, with the quotes. */
  tsStart = 0;
  tsEnd = 0;
  private bytes: Buffer = Buffer.alloc(0);
  private at = 0;
  private end = 0;
  /** A day that is a real one: the next time is most likely of the same. */
  private readonly day = Buffer.alloc(DATE_LENGTH);

  /** Whether the bytes from `start` to `end` are such a line. */
  isOne(bytes: Buffer, start: number, end: number): boolean {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    return (
      this.word(TS) &&
      this.time() &&
      this.word(SERVICE) &&
      this.name() &&
      this.word(LEVEL) &&
      this.level() &&
      this.word(MESSAGE) &&
      this.text() &&
      this.word(ATTRIBUTES) &&
      this.members(0) &&
      this.word(TRACE_ID) &&
      this.id() &&
      this.word(SPAN_ID) &&
      this.id() &&
      this.byte(CLOSE) &&
      this.at === end
    );
  }

  private byte(byte: number): boolean {
    if (this.at >= this.end || this.bytes[this.at] !== byte) return false;
    this.at += 1;
    return true;
  }

  private word(word: Buffer): boolean {
    const { bytes, at } = this;
    if (at + word.length > this.end) return false;
    for (let index = 0; index < word.length; index += 1) if (bytes[at + index] !== word[index]) return false;
    this.at = at + word.length;
    return true;
  }

  /** The rest of a string and its closing quote. */
  private text(): boolean {
    const { bytes, end } = this;
    let { at } = this;
    while (at < end) {
      const byte = bytes[at] as number;
      if (PLAIN[byte] === 1) at += 1;
      else if (byte === QUOTE) {
        this.at = at + 1;
        return true;
      } else if (byte === BACKSLASH && at + 1 < end && ESCAPE[bytes[at + 1] as number] === 1) at += 2;
      else return false;
    }
    return false;
  }

  private time(): boolean {
    const start = this.at;
    if (!this.text()) return false;
    const end = this.at - 1;
    if (end - start > LONGEST_TIME) return false;
    this.tsStart = start - 1;
    this.tsEnd = end + 1;
    if (this.isOfDay(start, end)) return true;
    if (!isTime(this.bytes.toString("latin1", start, end))) return false;
    this.bytes.copy(this.day, 0, start, start + DATE_LENGTH);
    return true;
  }

  /** A time in UTC of the day that is known. */
  private isOfDay(start: number, end: number): boolean {
    const { bytes, day } = this;
    if (end - start < SECONDS_LENGTH + 1) return false;
    for (let index = 0; index < DATE_LENGTH; index += 1) if (bytes[start + index] !== day[index]) return false;
    const clock = start + DATE_LENGTH;
    if (bytes[clock] !== T || bytes[clock + 3] !== COLON || bytes[clock + 6] !== COLON) return false;
    if (!this.below(clock + 1, 24) || !this.below(clock + 4, 60) || !this.below(clock + 7, 60)) return false;
    let at = start + SECONDS_LENGTH;
    if (bytes[at] === DOT) {
      const fraction = at + 1;
      at = this.digits(fraction);
      if (at === fraction || at > fraction + 9) return false;
    }
    return bytes[at] === Z && at + 1 === end;
  }

  /** Two digits below a number. */
  private below(at: number, limit: number): boolean {
    const tens = (this.bytes[at] as number) - ZERO;
    const ones = (this.bytes[at + 1] as number) - ZERO;
    return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 && 10 * tens + ones < limit;
  }

  private name(): boolean {
    const start = this.at;
    return this.text() && this.at - 1 > start && this.at - 1 - start <= MAX_SERVICE;
  }

  /** Levels are kept in lower case. */
  private level(): boolean {
    const start = this.at;
    if (!this.text() || this.at - 1 - start > MAX_LEVEL) return false;
    for (let at = start; at < this.at; at += 1) {
      const byte = this.bytes[at] as number;
      if (byte > 0x7f || (byte >= UPPER_A && byte <= UPPER_Z)) return false;
    }
    return true;
  }

  private id(): boolean {
    return this.byte(QUOTE) ? this.text() : this.word(NULL);
  }

  private value(depth: number): boolean {
    switch (this.bytes[this.at]) {
      case QUOTE:
        this.at += 1;
        return this.text();
      case OPEN:
        this.at += 1;
        return depth < MOST_DEPTH && this.members(depth + 1);
      case OPEN_LIST:
        this.at += 1;
        return depth < MOST_DEPTH && this.elements(depth + 1);
      default:
        return this.number() || this.word(NULL) || this.word(TRUE) || this.word(FALSE);
    }
  }

  /** The rest of an object. Keys may not come twice, and none may look like an index: those are put in front. */
  private members(depth: number): boolean {
    if (this.byte(CLOSE)) return true;
    const keys: number[] = [];
    do {
      if (!this.byte(QUOTE)) return false;
      const start = this.at;
      const first = this.bytes[start] as number;
      if ((first >= ZERO && first <= NINE) || !this.text() || keys.length >= 2 * MOST_KEYS) return false;
      if (this.isAmong(keys, start, this.at)) return false;
      keys.push(start, this.at);
      if (!this.byte(COLON) || !this.value(depth)) return false;
    } while (this.byte(COMMA));
    return this.byte(CLOSE);
  }

  private isAmong(keys: readonly number[], start: number, end: number): boolean {
    const { bytes } = this;
    for (let index = 0; index < keys.length; index += 2) {
      const other = keys[index] as number;
      if ((keys[index + 1] as number) - other !== end - start) continue;
      let same = 0;
      while (same < end - start && bytes[other + same] === bytes[start + same]) same += 1;
      if (same === end - start) return true;
    }
    return false;
  }

  private elements(depth: number): boolean {
    if (this.byte(CLOSE_LIST)) return true;
    do if (!this.value(depth)) return false;
    while (this.byte(COMMA));
    return this.byte(CLOSE_LIST);
  }

  /** A number that is written as it came: short, without an exponent, a sign of zero or zeros at its ends. */
  private number(): boolean {
    const { bytes, at } = this;
    const whole = bytes[at] === MINUS ? at + 1 : at;
    let end = this.digits(whole);
    const isZero = bytes[whole] === ZERO;
    if (end === whole || (isZero && end > whole + 1)) return false;
    if (bytes[end] === DOT) {
      const fraction = end + 1;
      end = this.digits(fraction);
      if (end === fraction || bytes[end - 1] === ZERO || (isZero && end - fraction > SURE_FRACTION)) return false;
    } else if (isZero && whole > at) return false;
    const next = bytes[end];
    if (end - whole > SURE_DIGITS || (next !== COMMA && next !== CLOSE && next !== CLOSE_LIST)) return false;
    this.at = end;
    return true;
  }

  /** Where the digits from `at` on end. */
  private digits(at: number): number {
    let to = at;
    while (to < this.end && (this.bytes[to] as number) >= ZERO && (this.bytes[to] as number) <= NINE) to += 1;
    return to;
  }
}
