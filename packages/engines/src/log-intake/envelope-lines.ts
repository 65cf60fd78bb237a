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

/** A record of a batch that is not taken. */
export interface RefusedLine {
  /** Which record of the batch, from 1. */
  readonly line: number;
  readonly reason: "malformed" | "too-large";
  /** What is wrong, without the data itself. */
  readonly detail: string;
  readonly payload: string;
}

/** Largest line of one record. What reads the spool has a limit of its own, which no single record may reach. */
export const MAX_RECORD_BYTES = 1024 ** 2;
/** Characters that are kept of a record that is too large. */
const KEPT_PAYLOAD = 4_000;
/** A record that could not be read is kept whole up to this many: only from all of it can it be taken later. */
const KEPT_WHOLE = 64 * 1024;

/** Envelope lines of one batch, and what of it was refused. A payload is written to `json` between `begin` and `end`. */
export class EnvelopeLines {
  rows = 0;
  readonly refused: RefusedLine[] = [];
  readonly json = new JsonBytes();
  private start = 0;

  /** Starts a new batch in the same memory. */
  clear(): void {
    this.rows = 0;
    this.refused.length = 0;
    this.json.clear();
  }

  /** The record that comes next, from 1. */
  get next(): number {
    return this.rows + this.refused.length + 1;
  }

  refuse(line: number, reason: RefusedLine["reason"], detail: string, payload: string): void {
    const kept = reason === "malformed" ? KEPT_WHOLE : KEPT_PAYLOAD;
    this.refused.push({ line, reason, detail, payload: payload.slice(0, kept) });
  }

  begin(): void {
    this.start = this.json.length;
    this.json.raw(START);
  }

  /** Ends a line; the time of the event stands, as a JSON string, in what was written from `start` to `end`. */
  end(start: number, end: number, line: number = this.next): void {
    this.json.raw(SOURCE_TS);
    this.json.again(start, end);
    this.json.raw(END);
    this.close(line);
  }

  /** Adds a record, which is the `line`-th of its batch. */
  add(record: LogRecord, line: number): void {
    this.begin();
    try {
      this.json.value(record);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.json.cut(this.start);
      return this.refuse(line, "malformed", "attributes: nested too deep", "");
    }
    this.json.raw(SOURCE_TS);
    this.json.value(record.ts);
    this.json.raw(END);
    this.close(line);
  }

  private close(line: number): void {
    const bytes = this.json.length - this.start;
    if (bytes <= MAX_RECORD_BYTES) {
      this.rows += 1;
      return;
    }
    const kept = this.json.written().toString("utf8", this.start, this.start + KEPT_PAYLOAD);
    this.json.cut(this.start);
    this.refuse(line, "too-large", `the record has ${bytes} bytes; the most is ${MAX_RECORD_BYTES}`, kept);
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
