import type { JsonBytes } from "./json-bytes.ts";
import type { WireReader } from "./wire-reader.ts";

const TWO_32 = 2 ** 32;
const NANOS_PER_MILLI = 1_000_000;
const END = Buffer.from('Z"');

/** Nanoseconds since 1970, in two halves of 32 bits: a number would lose some of them. 0 is unknown. */
export class UnixNano {
  low = 0;
  high = 0;

  get known(): boolean {
    return this.low !== 0 || this.high !== 0;
  }

  read(reader: WireReader): void {
    this.low = reader.fixed64();
    this.high = reader.high;
  }

  clear(): void {
    this.low = this.high = 0;
  }
}

/** Writes ISO times with microseconds. Those of one second, as in most batches, share the text up to it. */
export class IsoTimes {
  private second = -1;
  /** As a JSON string begins. */
  private start = Buffer.alloc(0);

  write({ low, high }: UnixNano, json: JsonBytes): void {
    const rest = (high % NANOS_PER_MILLI) * TWO_32 + low;
    const millis = Math.floor(high / NANOS_PER_MILLI) * TWO_32 + Math.floor(rest / NANOS_PER_MILLI);
    const second = Math.floor(millis / 1000);
    if (second !== this.second) {
      this.second = second;
      this.start = Buffer.from(`"${new Date(second * 1000).toISOString().slice(0, -"000Z".length)}`);
    }
    json.raw(this.start);
    json.digits(millis % 1000, 3);
    json.digits(Math.floor((rest % NANOS_PER_MILLI) / 1000), 3);
    json.raw(END);
  }
}
