import { type DatasetName, gateBoundary, gateMissed, gateZone, type ModelHeader, wallClock } from "../catalog/index.ts";
import { SECOND } from "../kernel/index.ts";
import type { GateFacts } from "./dataset-facts.ts";
import { gateCheckFacts, gateCheckText, type GateLook, type HeldBack, waitingDaysText } from "./gate-check.ts";
import type { ScheduleFacts } from "./scheduling.ts";

export interface GateMoment {
  readonly now: Date;
  readonly schedule: ScheduleFacts | undefined;
  /** It has no rows yet, or never ran by its schedule: that waits for nobody. */
  readonly firstRun: boolean;
  /** Since when somebody could look: a limit that passed while no worker ran is no limit. */
  readonly watchedSince: Date;
  /** How far its inputs are; those that no connected source feeds are left out, for they will never be. */
  readonly inputs: readonly { readonly input: DatasetName; readonly dataThrough: Date | null }[];
  /** What its check found, and which days the last refresh left out; absent for a gate without one, or before the first look. */
  readonly check?: {
    readonly look: GateLook | undefined;
    readonly since: Date | null;
    readonly heldBack: HeldBack | undefined;
    readonly column: string | null;
  };
}

/** How a model's gate stands; undefined for a model without one. */
export function gateFacts(
  { gate, schedule }: Pick<ModelHeader, "gate" | "schedule">,
  at: GateMoment,
): GateFacts | undefined {
  if (gate === undefined) return undefined;
  const { after_that: afterThat } = gate;
  const zone = gateZone(gate, schedule);
  const through = at.firstRun
    ? null
    : gateBoundary(gate, { schedule: at.schedule, since: at.schedule?.dueSince ?? null, now: at.now });
  const from = new Date(Math.max((at.schedule?.dueSince ?? through ?? at.now).getTime(), at.watchedSince.getTime()));
  const check = at.check === undefined ? undefined : gateCheckFacts(gate, { ...at.check, now: at.now, from });
  const common = { through, zone, afterThat, ...(check === undefined ? {} : { check }) };
  if (through === null) return { ...common, until: null, late: [] };
  const late = at.inputs.filter(
    ({ input, dataThrough }) =>
      (gate.inputs?.includes(input) ?? true) && (dataThrough === null || dataThrough < through),
  );
  if (late.length === 0) return { ...common, until: null, late };
  const waits = late.map(({ dataThrough }) => (dataThrough === null ? null : gateMissed(gate, schedule, dataThrough)));
  const first = Math.min(...waits.map((since) => since?.getTime() ?? Number.NEGATIVE_INFINITY));
  const until = new Date(Math.max(first, at.watchedSince.getTime()) + gate.at_most * SECOND);
  return { ...common, until, late };
}

/** A moment as a gate tells it. */
export function gateTime({ zone }: Pick<GateFacts, "zone">, at: Date): string {
  return `${wallClock(at, zone)} (${zone})`;
}

/** Each input that is late, with how far it is. */
export function lateInputs(gate: Pick<GateFacts, "late" | "zone">): string {
  return gate.late
    .map(({ input, dataThrough }) =>
      dataThrough === null
        ? `${input} has no data yet`
        : `${input} is through ${wallClock(dataThrough, gate.zone)} only`,
    )
    .join("; ");
}

/** What a run's step says of the gate that it came through; null when there is nothing to say. */
export function gateReason(gate: GateFacts | undefined, now: Date): string | null {
  if (gate === undefined || gate.through === null) return null;
  const needed = `through ${gateTime(gate, gate.through)}`;
  const check = checkReason(gate, now);
  const rows = check === null ? "" : `; ${check}`;
  if (gate.late.length === 0) return `inputs complete ${needed}${rows}`;
  const late = lateInputs(gate);
  return gate.until !== null && gate.until <= now
    ? `inputs not complete ${needed}, no longer waited for: ${late}${rows}`
    : `its gate passed over: inputs not complete ${needed}: ${late}${rows}`;
}

function checkReason({ check, afterThat }: GateFacts, now: Date): string | null {
  if (check === undefined) return null;
  if (check.per === "day") return waitingDaysText(check);
  if (check.value === null) return null;
  if (check.value > 0) return `check ${check.name} gives ${check.value}`;
  const waited = afterThat === "run" && check.until !== null && check.until <= now;
  return `${gateCheckText(check)}, ${waited ? "no longer waited for" : "passed over"}`;
}
