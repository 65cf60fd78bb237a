import { type Clock, SECOND } from "@nova/pipeline-core/kernel";
import type { FlowSample, SourceId, SourceLag } from "@nova/pipeline-core/connectors";

/** Counts what one source brings between two samples. */
export interface FlowMeter {
  committed(rows: number, bytes: number, lastEventAt: Date | null): void;
  failed(): void;
  through(at: Date): void;
  holds(lag: SourceLag): void;
  /** The sample of the time since the last one. */
  sample(): FlowSample;
}

export const SAMPLE_EVERY = 10 * SECOND;

export function flowMeter(source: SourceId, clock: Clock): FlowMeter {
  let rows = 0;
  let bytes = 0;
  let errors = 0;
  let lastEventAt: Date | null = null;
  let dataThrough: Date | null = null;
  let lag: SourceLag = { bytes: null };
  return {
    committed(moreRows, moreBytes, at) {
      rows += moreRows;
      bytes += moreBytes;
      if (at !== null && (lastEventAt === null || at > lastEventAt)) lastEventAt = at;
    },
    failed() {
      errors += 1;
    },
    through(at) {
      if (dataThrough === null || at > dataThrough) dataThrough = at;
    },
    holds(held) {
      lag = held;
    },
    sample() {
      const at = clock.now();
      const lagSeconds = dataThrough === null ? null : Math.max(0, (at.getTime() - dataThrough.getTime()) / SECOND);
      const sample = {
        source,
        at,
        rows,
        bytes,
        errors,
        lagSeconds,
        lagBytes: lag.bytes,
        retainedBytes: lag.retainedBytes ?? null,
        slotState: lag.slotState ?? null,
        lastEventAt,
      };
      rows = 0;
      bytes = 0;
      errors = 0;
      return sample;
    },
  };
}
