import { setTimeout as pause } from "node:timers/promises";

/**
 * Each question starts a process of its own, as any person's query does, some tenths of a second of CPU: asked all the time,
 * the bench would measure its own curiosity. Ages come as they are, so asking less often makes none of them younger.
 */
const SAMPLE_EVERY = 5000;

/** When which row was handed over: the n-th of a series, and its time. */
export interface Arrivals {
  /** `count` more rows were handed over, at this time (`performance.now()`). */
  add(count: number, at: number): void;
  /** Seconds that the oldest row waits of which `visible` were counted; 0 when all of them are there. */
  age(visible: number): number;
}

/** Rows in the order in which they were handed over. */
export function arrivals(): Arrivals {
  const totals: number[] = [];
  const times: number[] = [];
  let first = 0;
  return {
    add(count, at) {
      totals.push((totals.at(-1) ?? 0) + count);
      times.push(at);
    },
    age(visible) {
      while (first < totals.length && (totals[first] ?? 0) <= visible) first += 1;
      const since = times[first];
      return since === undefined ? 0 : (performance.now() - since) / 1000;
    },
  };
}

/** Asks again and again how many seconds old the data is, until `end` is called, which gives all answers. */
export function sampleAges(ask: () => Promise<number>): { end(): Promise<number[]> } {
  const ages: number[] = [];
  let going = true;
  const sampling = (async () => {
    while (going) {
      ages.push(await ask());
      await pause(SAMPLE_EVERY);
    }
  })();
  return {
    async end() {
      going = false;
      await sampling;
      return ages;
    },
  };
}
