import { encodeOtlpRequest, sampleLines, sampleOtlpRequest } from "@nova/engines/log-intake/testing";

/** In front of the number of an event, and nowhere else. */
const MARK = Buffer.from("order ");
/** Enough for all events of a long run: equal batches would be one batch to the intake. */
const DIGITS = 9;
const ZERO = 0x30;

/** How the bodies of batches are written. */
export type LogForm = "ndjson" | "otlp";

const FORMS: Readonly<Record<LogForm, { readonly type: string; write(start: number, count: number): Buffer }>> = {
  ndjson: { type: "application/x-ndjson", write: sampleLines },
  otlp: {
    type: "application/x-protobuf",
    write: (start, count) => encodeOtlpRequest(sampleOtlpRequest(start, count)),
  },
};

/** Batches, each with events of its own. */
export interface LogBatches {
  readonly contentType: string;
  readonly bytesEach: number;
  /** Hands the `number`-th batch to `send` and keeps its memory for a later one when that ends. */
  using(number: number, send: (body: Buffer) => Promise<void>): Promise<void>;
}

interface Sample {
  readonly body: Buffer;
  /** Where the number of each event stands. */
  readonly places: readonly number[];
}

/**
 * Sample events are rendered a few times and then only numbered anew, in place: who makes log events in reality is not on
 * this machine, and the bench's own work must not stand in the way of what it measures.
 */
export function logBatches(lines: number, form: LogForm): LogBatches {
  const written = FORMS[form];
  let made = 10 ** (DIGITS - 1);
  const sample = (): Sample => {
    const body = written.write(made, lines);
    made += lines;
    const places: number[] = [];
    for (let at = body.indexOf(MARK); at >= 0; at = body.indexOf(MARK, at + 1)) places.push(at + MARK.length);
    return { body, places };
  };
  const idle = [sample()];
  return {
    contentType: written.type,
    bytesEach: Math.round((idle[0]?.body.length ?? 0) / lines),
    async using(number, send) {
      const { body, places } = idle.pop() ?? sample();
      places.forEach((place, line) => {
        let rest = number * lines + line;
        for (let at = place + DIGITS - 1; at >= place; at -= 1) {
          body[at] = ZERO + (rest % 10);
          rest = Math.floor(rest / 10);
        }
      });
      await send(body);
      idle.push({ body, places });
    },
  };
}
