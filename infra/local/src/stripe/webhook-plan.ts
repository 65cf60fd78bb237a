import { hash32 } from "../people.ts";
import type { EventCode } from "./event-kinds.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** How a forged notice is wrong: signed with another secret, or a true signature of an hour ago. */
export type Forgery = "signature" | "stale";

export interface PlannedDelivery {
  /** From now (ms). */
  readonly afterMs: number;
  readonly forgery: Forgery | null;
}

/**
 * When and how often an event is sent. Most at once; on purpose 3% after later ones, 3% twice, 1.5% minutes late and 0.5% never
 * (both are in the event list all the time), and 1% with a forged companion. Always the same for the same event.
 */
export function planDeliveries(code: EventCode): PlannedDelivery[] {
  const roll = hash32(code % 0x1_0000_0000, "webhook plan") % 1000;
  const spread = hash32(code % 0x1_0000_0000, "webhook delay");
  const genuine = (afterMs: number): PlannedDelivery => ({ afterMs, forgery: null });
  if (roll < 15) return [genuine(2 * MINUTE + (spread % (3 * MINUTE)))];
  if (roll < 20) return [];
  if (roll < 50) return [genuine(3 * SECOND + (spread % (5 * SECOND)))];
  if (roll < 80) return [genuine(0), genuine(SECOND + (spread % (9 * SECOND)))];
  if (roll < 90) return [{ afterMs: 0, forgery: spread % 2 === 0 ? "signature" : "stale" }, genuine(0)];
  return [genuine(0)];
}
