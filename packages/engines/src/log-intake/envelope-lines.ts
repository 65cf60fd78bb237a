import { isUtf8 } from "node:buffer";
import { JsonBytes } from "./json-bytes.ts";

/** A log record as the platform keeps it: the payload of an envelope row of the stream `events`. */
export interface LogRecord {
  readonly ts: string;
  readonly service: string;
  readonly level: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly trace_id: string | null;
  readonly span_id: string | null;
}

const START = Buffer.from('{"stream":"events","op":"c","key":null,"payload":');
const SOURCE_TS = Buffer.from(',"source_ts":');
/** Positions are known when the spool takes the batch; all have this form. */
const POSITION = "000000000000.00000000";
const CLOSE = '"}\n';
const END = Buffer.from(`,"position":"${POSITION}${CLOSE}`);
const NEWLINE = 0x0a;

/** Envelope lines of one batch. A payload is written to `json` between `begin` and `end`. */
export class EnvelopeLines {
  rows = 0;
  readonly json = new JsonBytes();

  /** Starts a new batch in the same memory. */
  clear(): void {
    this.rows = 0;
    this.json.clear();
  }

  begin(): void {
    this.json.raw(START);
  }

  /** Ends a line; the time of the event stands, as a JSON string, in what was written from `start` to `end`. */
  end(start: number, end: number): void {
    this.json.raw(SOURCE_TS);
    this.json.again(start, end);
    this.json.raw(END);
    this.rows += 1;
  }

  add(record: LogRecord): void {
    this.begin();
    this.json.value(record);
    this.json.raw(SOURCE_TS);
    this.json.value(record.ts);
    this.json.raw(END);
    this.rows += 1;
  }

  /** The lines with their positions; valid until `clear`. Bytes that are no UTF-8 become U+FFFD, as a decoder to text would make them. */
  render(position: (index: number) => string): Buffer {
    const bytes = this.json.written();
    const lines = isUtf8(bytes) ? bytes : Buffer.from(bytes.toString("utf8"));
    let end = -1;
    for (let index = 0; index < this.rows; index += 1) {
      end = lines.indexOf(NEWLINE, end + 1);
      lines.write(position(index), end + 1 - CLOSE.length - POSITION.length, "latin1");
    }
    return lines;
  }
}
