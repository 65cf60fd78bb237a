import { z } from "zod";
import { type DatasetName, type Gate, gateZone, type Schedule } from "../catalog/index.ts";
import { MINUTE, SECOND } from "../kernel/index.ts";
import type { WaitingDay } from "./gate-check.ts";

/** The gate of a model and how it stands at one moment. */
export interface GateState {
  readonly dataset: DatasetName;
  /** Through what, at most how long, what then. */
  readonly words: string;
  /** It holds the model back now. */
  readonly waits: boolean;
  /** What it waits for, or why it waits for nothing. */
  readonly now: string;
  /** When it goes on by itself whatever is late; null when it does not, or does not wait. */
  readonly until: Date | null;
  /** Days that wait for its check while others run; `until`: when each has waited long enough, null: not by itself. */
  readonly days: readonly (WaitingDay & { readonly until: Date | null })[];
}

/** How the worker tells of them over HTTP. */
export const gateStatesSchema: z.ZodType<GateState[]> = z.array(
  z.object({
    dataset: z.string(),
    words: z.string(),
    waits: z.boolean(),
    now: z.string(),
    until: z.coerce.date().nullable(),
    days: z.array(z.object({ day: z.string(), value: z.number().nullable(), until: z.coerce.date().nullable() })),
  }),
);

/** A gate as people say it. */
export function gateWords(gate: Gate, schedule: Pick<Schedule, "zone"> | undefined): string {
  const inputs = gate.inputs === undefined ? "every input" : gate.inputs.join(", ");
  const zone = gateZone(gate, schedule);
  const through = {
    tick: "the tick of its schedule",
    hour: `the last full hour (${zone})`,
    day: `the last midnight (${zone})`,
  }[gate.through];
  const then = gate.after_that === "run" ? "then it runs with what there is" : "then it stays and says so";
  const wait = `at most ${spanOf(gate.at_most)}, ${then}`;
  const { check } = gate;
  if (check === undefined) return `${inputs} through ${through}; ${wait}`;
  const rows = `check ${check.name} (${check.description})`;
  const most = spanOf(check.at_most ?? gate.at_most);
  return check.per === "day"
    ? `${inputs} through ${through}; ${wait}; days for which ${rows} does not hold wait on their own, at most ${most} after their end`
    : `${inputs} through ${through}; ${wait}; ${rows}, at most ${most}`;
}

function spanOf(seconds: number): string {
  const minutes = (seconds * SECOND) / MINUTE;
  return minutes >= 1 && Number.isInteger(minutes) ? `${minutes} min` : `${seconds} s`;
}
