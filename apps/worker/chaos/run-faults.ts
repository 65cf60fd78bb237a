import { setTimeout as pause } from "node:timers/promises";
import type { Fault } from "./faults.ts";
import { between } from "./random.ts";
import type { World } from "./world.ts";

export interface Outcome {
  readonly fault: string;
  readonly result: "equal" | "different" | "not possible here";
  /** From the end of the fault until the lake held everything the sources did, traffic of that time included. */
  readonly recoverySeconds: number | null;
  readonly workerEnds: number;
  /** The last of these ends; empty without any. */
  readonly workerEnd: string;
  readonly rowChanges: number;
  readonly logLines: number;
  readonly stripeEvents: number;
  readonly detail: string;
}

const TRAFFIC_BEFORE = [1500, 3000] as const;
const TRAFFIC_AFTER = 1000;
const RECOVERY_DEADLINE = 180_000;

/** Strikes once during traffic, and compares the sources with the lake after it. */
export async function runFault(world: World, fault: Fault): Promise<Outcome> {
  const reason = fault.impossible?.(world) ?? null;
  const nothing = { recoverySeconds: null, workerEnds: 0, workerEnd: "", rowChanges: 0, logLines: 0, stripeEvents: 0 };
  if (reason !== null) return { fault: fault.name, result: "not possible here", ...nothing, detail: reason };
  const [before, ends] = [await world.volume(), world.worker.ends];
  world.traffic();
  await pause(between(world.random, ...TRAFFIC_BEFORE));
  await fault.strike(world);
  const over = performance.now();
  await pause(TRAFFIC_AFTER);
  let detail = "";
  try {
    await world.settle(RECOVERY_DEADLINE);
  } catch (error) {
    detail = error instanceof Error ? error.message : String(error);
  }
  const after = await world.volume();
  return {
    fault: fault.name,
    result: detail === "" ? "equal" : "different",
    recoverySeconds: Number(((performance.now() - over) / 1000).toFixed(1)),
    workerEnds: world.worker.ends - ends,
    workerEnd: world.worker.ends > ends ? world.worker.lastEnd.slice(0, 400) : "",
    rowChanges: after.rows - before.rows,
    logLines: after.logs - before.logs,
    stripeEvents: after.events - before.events,
    detail,
  };
}
