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
  readonly salesforceChanges: number;
  readonly detail: string;
}

const TRAFFIC_BEFORE = [1500, 3000] as const;
const TRAFFIC_AFTER = 1000;
/** A call that Salesforce never answers is given up after two minutes; what follows needs its time too. */
const RECOVERY_DEADLINE = 300_000;

/** Strikes once during traffic, and compares the sources with the lake after it. */
export async function runFault(world: World, fault: Fault): Promise<Outcome> {
  const reason = fault.impossible?.(world) ?? null;
  const nothing = {
    recoverySeconds: null,
    workerEnds: 0,
    workerEnd: "",
    rowChanges: 0,
    logLines: 0,
    stripeEvents: 0,
    salesforceChanges: 0,
  };
  if (reason !== null) return { fault: fault.name, result: "not possible here", ...nothing, detail: reason };
  const [before, ends] = [await world.volume(), world.worker.ends];
  world.traffic();
  await pause(between(world.random, ...TRAFFIC_BEFORE));
  let detail = "";
  let over = performance.now();
  try {
    await fault.strike(world);
    over = performance.now();
    await pause(TRAFFIC_AFTER);
    await world.settle(RECOVERY_DEADLINE);
  } catch (error) {
    // Also a fault that could not strike: what it waited for did not come, and the report says so.
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
    salesforceChanges: after.records - before.records,
    detail,
  };
}
