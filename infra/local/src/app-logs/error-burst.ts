import { hash32 } from "../people.ts";

const MINUTE = 60_000;
const EVERY = 15 * MINUTE;

/**
 * Which of `services` services is in trouble at `at` (ms), or null: once in each quarter of an hour one service fails
 * for a minute. A function of the time alone, so that a dashboard and a test expect the same bursts.
 */
export function burstingService(at: number, services: number): number | null {
  const quarter = Math.floor(at / EVERY);
  const start = (hash32(quarter, "burst start") % 13) * MINUTE;
  const into = at - quarter * EVERY - start;
  return into >= 0 && into < MINUTE ? hash32(quarter, "burst service") % services : null;
}
