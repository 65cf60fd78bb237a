import type { Op } from "@nova/pipeline-core/lakehouse";
import { z } from "zod";

/** What of an event the envelope needs; everything else goes along untouched. */
const stripeEventSchema = z.looseObject({
  id: z.string().min(1),
  type: z.string().min(1),
  created: z.number().int().nonnegative(),
  livemode: z.boolean().optional(),
  data: z.looseObject({ object: z.looseObject({ object: z.string().min(1), id: z.string().optional() }) }),
});
export type StripeEvent = z.infer<typeof stripeEventSchema>;

export type ReadEvent =
  | { readonly ok: true; readonly event: StripeEvent }
  | { readonly ok: false; readonly problem: string };

/**
 * Reads an event of any API version: only what the envelope needs has to be there. `livemode`: the mode this platform is for;
 * null = both. An event of the other mode is none of ours, though it is well signed (endpoints of platform accounts get both).
 */
export function readStripeEvent(value: unknown, livemode: boolean | null): ReadEvent {
  const parsed = stripeEventSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, problem: `not a Stripe event: ${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}` };
  }
  const { data: event } = parsed;
  if (livemode !== null && event.livemode !== undefined && event.livemode !== livemode) {
    const [its, ours] = livemode ? ["test", "live"] : ["live", "test"];
    return { ok: false, problem: `an event of ${its} mode came to a platform that is set up with a ${ours} key` };
  }
  return { ok: true, event };
}

/**
 * How late in an object's life an event stands. Events of one object often share their second, and arrive in any order:
 * the one with the higher rank shows the newer state.
 */
const RANKS: Readonly<Record<string, number>> = {
  created: 10,
  pending: 20,
  finalized: 25,
  sent: 26,
  requires_action: 30,
  processing: 35,
  amount_capturable_updated: 40,
  updated: 45,
  failed: 50,
  payment_failed: 50,
  succeeded: 60,
  captured: 65,
  paid: 65,
  payment_succeeded: 66,
  funds_withdrawn: 67,
  funds_reinstated: 68,
  refunded: 70,
  voided: 75,
  canceled: 75,
  marked_uncollectible: 75,
  closed: 80,
  deleted: 99,
};
const UNKNOWN_RANK = 45;

export interface StripeRow {
  readonly stream: string;
  readonly op: Op;
  readonly key: string | null;
  readonly payload: string | null;
  readonly sourceMicros: bigint;
  readonly position: string;
}

/** The envelope row of an event: key and stream of the object it is about, the whole event as payload. */
export function stripeRow(event: StripeEvent): StripeRow {
  const verb = event.type.slice(event.type.lastIndexOf(".") + 1);
  const op: Op = verb === "created" ? "c" : verb === "deleted" ? "d" : "u";
  const { object, id } = event.data.object;
  return {
    stream: object,
    op,
    key: JSON.stringify({ id: id ?? event.id }),
    payload: op === "d" ? null : JSON.stringify(event),
    sourceMicros: BigInt(event.created) * 1_000_000n,
    position: `${String(event.created).padStart(12, "0")}.${RANKS[verb] ?? UNKNOWN_RANK}.${event.id}`,
  };
}
