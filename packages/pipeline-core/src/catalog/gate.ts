import { z } from "zod";
import { DAY, PlatformError } from "../kernel/index.ts";
import { durationSchema } from "./duration.ts";
import { datasetNameSchema } from "./model.ts";
import { lastTick, nextTick, type Schedule, zoneSchema } from "./schedule.ts";

/** `tick`: the model's own schedule; `hour`, `day`: when the last one ended, by the wall clock of the gate's zone. */
export const GATE_BOUNDARIES = ["tick", "hour", "day"] as const;

/** A question to the rows of the inputs: whatever is not there yet is waited for. */
export const gateCheckSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, "must be kebab-case"),
  /** What it asks, as people read it. */
  description: z.string().min(3),
  /**
   * Trino query over the model's inputs; ready is true, or more than 0. `per: model`: one row with that value. `per: day`: rows of
   * (UTC day, value); a day without a row is not ready.
   */
  query: z.string().min(1),
  /** `day`: days that are ready run, the others wait on their own. */
  per: z.enum(["model", "day"], "must be model or day").default("model"),
  /** Seconds that it is waited for, from the moment of the gate on, or from the end of the day. That of the gate, unless given. */
  at_most: durationSchema.optional(),
});
export type GateCheck = z.output<typeof gateCheckSchema>;

/** The `gate` of a model's header: a model for which late sources make a difference waits until they are complete. */
export const gateSchema = z.strictObject({
  /** Its inputs have to be through this moment. */
  through: z.enum(GATE_BOUNDARIES, `must be one of ${GATE_BOUNDARIES.join(", ")}`),
  /** Whose midnight, for `day` and `hour`; that of the schedule, or UTC, unless given. */
  zone: zoneSchema.optional(),
  /** Inputs that have to be complete; all of them unless given. */
  inputs: z.array(datasetNameSchema).min(1, "must name an input, or be left out for all of them").optional(),
  /** Seconds that it waits, from the first moment (by a schedule: tick) on that an input was not complete for. */
  at_most: durationSchema,
  /** What happens after that: it runs with what there is, or goes on waiting and says so. */
  after_that: z.enum(["run", "stay"], "must be run (with what there is) or stay (and say so)"),
  /** What the inputs' rows have to tell besides. */
  check: gateCheckSchema.optional(),
});
export type Gate = z.output<typeof gateSchema>;

const BOUNDARY_CRON = { hour: "0 * * * *", day: "0 0 * * *" } as const;

/**
 * The moment that inputs have to be through for a model that is due since `since` (by its schedule) or now; null while no
 * tick is due.
 */
export function gateBoundary(
  gate: Gate,
  {
    schedule,
    since,
    now,
  }: { readonly schedule: Schedule | undefined; readonly since: Date | null; readonly now: Date },
): Date | null {
  const until = schedule === undefined ? now : since;
  if (until === null || gate.through === "tick") return until;
  return lastTick(boundaries(gate, schedule), new Date(until.getTime() - 3 * DAY), until);
}

/** When a model first had to wait for an input that is through `dataThrough`. */
export function gateMissed(gate: Gate, schedule: Schedule | undefined, dataThrough: Date): Date | null {
  const missed = nextTick(boundaries(gate, schedule), dataThrough);
  // Nobody waits before the tick for which the input is needed.
  return schedule === undefined || missed === null ? missed : nextTick(schedule, new Date(missed.getTime() - 1));
}

function boundaries({ through, zone }: Gate, schedule: Schedule | undefined): Schedule {
  if (through !== "tick") return { cron: BOUNDARY_CRON[through], zone: gateZone({ zone }, schedule) };
  if (schedule === undefined)
    throw new PlatformError("internal", "a gate at ticks without a schedule passed the header");
  return schedule;
}

export function gateZone({ zone }: Pick<Gate, "zone">, schedule: Pick<Schedule, "zone"> | undefined): string {
  return zone ?? schedule?.zone ?? "UTC";
}
