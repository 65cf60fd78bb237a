import { PlatformError } from "@nova/pipeline-core/kernel";

export const VARINT = 0;
export const FIXED64 = 1;
export const LENGTH = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

/** Messages and groups inside each other, as protobuf's own readers allow them. */
export const MAX_DEPTH = 100;
const VARINT_BYTES = 10;
const TWO_32 = 2 ** 32;

/** A field's number and wire type as they stand before its value. */
export const tag = (field: number, type: number): number => (field << 3) | type;

/** Reads protobuf's wire format (protobuf.dev/programming-guides/encoding). Throws `payload-rejected` for what is none. */
export class WireReader {
  at = 0;
  /** The upper half of the number that was read last. */
  high = 0;
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The end of the length-delimited value that starts here, which lies inside of one that ends at `limit`. */
  endOf(limit: number): number {
    const length = this.varint();
    if (this.high !== 0 || length > limit - this.at) throw notProtobuf("a value reaches beyond the message");
    return this.at + length;
  }

  /** Checks that a message ended where it should. */
  ended(end: number): void {
    if (this.at !== end) throw notProtobuf("a value reaches beyond the message");
  }

  /** The lower 32 bits of a varint; the upper ones are in `high`. */
  varint(): number {
    const first = this.bytes[this.at];
    if (first === undefined || first >= 0x80) return this.longVarint();
    this.at += 1;
    this.high = 0;
    return first;
  }

  /** A signed 64-bit varint: a number where that is exact, else its digits. */
  int64(): number | string {
    const low = this.varint();
    const value = (this.high | 0) * TWO_32 + low;
    if (Number.isSafeInteger(value)) return value;
    return ((BigInt(this.high | 0) << 32n) | BigInt(low)).toString();
  }

  /** The lower 32 of 64 bits; the upper ones are in `high`. */
  fixed64(): number {
    this.need(8);
    const low = this.bytes.readUInt32LE(this.at);
    this.high = this.bytes.readUInt32LE(this.at + 4);
    this.at += 8;
    return low;
  }

  /** Passes over the value of a field that nobody asked for. */
  skip(fieldTag: number, limit: number, depth = 0): void {
    if (fieldTag >>> 3 === 0) throw notProtobuf("field number 0");
    switch (fieldTag & 7) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.need(8);
        this.at += 8;
        return;
      case LENGTH:
        this.at = this.endOf(limit);
        return;
      case START_GROUP:
        this.skipGroup(fieldTag >>> 3, limit, depth + 1);
        return;
      case FIXED32:
        this.need(4);
        this.at += 4;
        return;
      default:
        throw notProtobuf("unknown wire type");
    }
  }

  private skipGroup(field: number, limit: number, depth: number): void {
    if (depth > MAX_DEPTH) throw notProtobuf("nested too deep");
    for (let inner = this.varint(); inner !== tag(field, END_GROUP); inner = this.varint())
      this.skip(inner, limit, depth);
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.bytes.length) throw notProtobuf("it ends early");
  }

  private longVarint(): number {
    let low = 0;
    let high = 0;
    for (let index = 0; index < VARINT_BYTES; index += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw notProtobuf("it ends early");
      this.at += 1;
      const bits = byte & 0x7f;
      if (index < 5) low |= bits << (7 * index);
      if (index === 4) high = bits >>> 4;
      if (index > 4) high |= bits << (7 * index - 32);
      if (byte < 0x80) {
        this.high = high >>> 0;
        return low >>> 0;
      }
    }
    throw notProtobuf("a number is too long");
  }
}

/** The message is for the sender; what exactly is wrong helps nobody but those who write exporters. */
export function notProtobuf(why: string): PlatformError {
  return new PlatformError("payload-rejected", "the body is not an OTLP protobuf message", { cause: new Error(why) });
}
