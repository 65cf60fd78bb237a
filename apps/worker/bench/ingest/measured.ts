import { setTimeout as pause } from "node:timers/promises";
import type { Figure } from "../figures.ts";

const DEADLINE_MS = 600_000;
const LOOK_EVERY_MS = 200;

/** What one part of the bench found out. */
export interface Measured {
  readonly figures: readonly Figure[];
  readonly costs: readonly Cost[];
}

/** CPU seconds (user and system) since a start, by who spent them. */
export interface CpuSeconds {
  readonly worker: number;
  /** Processes of the worker that answer the bench's own questions. */
  readonly queries: number;
  /** The PostgreSQL server of the source and of the metadata. */
  readonly databases: number;
  /** The process of the bench: it makes and sends what is taken in. */
  readonly generator: number;
  /** Everything else on the machine: when it is not small, times say little and CPU still says much. */
  readonly others: number;
}

/** One measured stretch: how long it took, and who spent what. */
export interface Cost {
  readonly what: string;
  readonly seconds: number;
  readonly rows: number;
  readonly cpu: CpuSeconds;
}

/** Milliseconds that what was sent for so many seconds may take until it can be asked for, before the bench gives up. */
export function patienceAfter(seconds: number): number {
  return 180_000 + seconds * 1000;
}

/** Calls `work` as often as `perSecond` says, until it is `seconds` later; waits for those under way. Null: as fast as they come. */
export async function paced(
  {
    perSecond,
    seconds,
    inFlight,
  }: { readonly perSecond: number | null; readonly seconds: number; readonly inFlight: number },
  work: (number: number) => Promise<void>,
): Promise<number> {
  const began = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - began < seconds * 1000) {
      const number = next++;
      const due = perSecond === null ? 0 : began + (number / perSecond) * 1000 - performance.now();
      if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
      await work(number);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return next;
}

/** Looks until it holds; throws when it takes ten minutes. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited ${DEADLINE_MS / 1000} s for ${what}`);
    await pause(LOOK_EVERY_MS);
  }
}
