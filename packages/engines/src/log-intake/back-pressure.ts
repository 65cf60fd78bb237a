import { type Clock, PlatformError } from "@nova/pipeline-core/kernel";
import type { Spool } from "../spool/index.ts";
import type { LogService } from "./log-service.ts";
import { type TokenBucket, tokenBucket } from "./token-bucket.ts";

/** Decides who has to come back later. */
export interface BackPressure {
  /** Throws `overloaded`, whose detail says why (`reason`) and after how many seconds (`retryAfter`) to come back. */
  admit(service: LogService): void;
  /** Counts a batch of an admitted service against its quota. */
  charge(service: LogService, bytes: number, events: number): void;
}

/** Seconds after which room in the spool is likely: commits come every few seconds. */
const SPOOL_RETRY = 5;

export function backPressure(spool: Pick<Spool, "waitingBytes" | "maxBytes" | "holders">, clock: Clock): BackPressure {
  const buckets = new Map<string, { readonly bytes: TokenBucket | null; readonly events: TokenBucket | null }>();
  const bucketsOf = ({ name, bytesPerSecond, eventsPerSecond }: LogService) => {
    let own = buckets.get(name);
    if (own === undefined) {
      const bucket = (rate: number | null) => (rate === null ? null : tokenBucket(rate, clock));
      buckets.set(name, (own = { bytes: bucket(bytesPerSecond), events: bucket(eventsPerSecond) }));
    }
    return own;
  };
  return {
    admit(service) {
      const { bytes, events } = bucketsOf(service);
      const wait = Math.max(bytes?.wait() ?? 0, events?.wait() ?? 0);
      if (wait > 0) {
        const limits = [
          bytes === null ? [] : [`${service.bytesPerSecond} bytes/s`],
          events === null ? [] : [`${service.eventsPerSecond} events/s`],
        ].flat();
        throw later(`${service.name} is over its quota of ${limits.join(" and ")}`, "quota", wait);
      }
      const { waitingBytes, maxBytes, holders } = spool;
      if (waitingBytes >= maxBytes)
        throw later("the spool is full: the lake does not keep up", "spool-full", SPOOL_RETRY);
      if (waitingBytes < maxBytes / 2) return;
      const held = holders.get(service.name) ?? 0;
      if (held > fairShare(maxBytes, holders.size)) {
        throw later(
          `the lake does not keep up, and ${service.name} fills its share of the spool`,
          "fair-share",
          SPOOL_RETRY,
        );
      }
    },
    charge(service, bytes, events) {
      const own = bucketsOf(service);
      own.bytes?.take(bytes);
      own.events?.take(events);
    },
  };
}

/**
 * What one holder may fill once the spool is half full: one share stays free, so that a service which has sent nothing yet
 * still finds room however greedy the others are.
 */
function fairShare(maxBytes: number, holders: number): number {
  return maxBytes / (holders + 1);
}

function later(message: string, reason: string, retryAfter: number): PlatformError {
  return new PlatformError("overloaded", message, { detail: { reason, retryAfter } });
}
