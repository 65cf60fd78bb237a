import type { RowKey } from "@nova/pipeline-core/connectors";
import { type EnvelopeBatch, envelopeBatch } from "@nova/pipeline-core/lakehouse";
import Stripe from "stripe";
import { type ListedBatch, listPages, type PageStart } from "./list-pages.ts";

type Resource = "customers" | "paymentIntents" | "charges" | "refunds" | "disputes" | "invoices";

const BATCH_ROWS = 2_000;

/** How an object of a stream is asked for; of others Stripe tells by events alone. */
const RESOURCES: Readonly<Record<string, Resource>> = {
  customer: "customers",
  payment_intent: "paymentIntents",
  charge: "charges",
  refund: "refunds",
  dispute: "disputes",
  invoice: "invoices",
};
/** Which events tell of a stream's objects; others of the stream show up as older states only. */
const EVENT_TYPES: Readonly<Record<string, string>> = { dispute: "charge.dispute.*" };

export const isReadable = (stream: string): boolean => RESOURCES[stream] !== undefined;
export const eventTypesOf = (stream: string): string => EVENT_TYPES[stream] ?? `${stream}.*`;

/** An object as it is now; null when Stripe has it no longer. Only for streams that are readable. */
export async function readObject(client: Stripe, stream: string, id: string): Promise<object | null> {
  const resource = RESOURCES[stream];
  if (resource === undefined) return null;
  try {
    const object = await client[resource].retrieve(id);
    return "deleted" in object && object.deleted === true ? null : object;
  } catch (error) {
    const { StripeInvalidRequestError } = Stripe.errors;
    if (error instanceof StripeInvalidRequestError && error.code === "resource_missing") return null;
    throw error;
  }
}

export interface ReadObjects {
  readonly batch: EnvelopeBatch;
  readonly found: number;
  readonly gone: number;
}

/**
 * Objects as they are now, as rows at a place that `positionOf` gives. The payload has the shape of an event, as all rows of
 * the stream have.
 */
export async function readObjects(
  client: Stripe,
  stream: string,
  keys: readonly RowKey[],
  readAt: Date,
  positionOf: (id: string) => string,
  signal?: AbortSignal,
): Promise<ReadObjects> {
  const batch = envelopeBatch();
  let found = 0;
  for (const { id = "" } of keys) {
    signal?.throwIfAborted();
    const object = await readObject(client, stream, id);
    if (object !== null) found += 1;
    addObject(batch, stream, id, object, readAt, positionOf(id));
  }
  return { batch, found, gone: keys.length - found };
}

/** Every object of a stream as it is now, at one position, behind the object `from`, in batches, newest first. Only for streams that are readable. */
export async function* listedObjects(
  client: Stripe,
  stream: string,
  readAt: Date,
  position: string,
  signal: AbortSignal,
  from: string | null = null,
): AsyncGenerator<ListedBatch> {
  const resource = RESOURCES[stream];
  if (resource === undefined) return;
  let batch = envelopeBatch();
  let last = from;
  const ask = (start: PageStart): PromiseLike<Stripe.ApiList<{ id: string }>> => client[resource].list({ ...start });
  for await (const objects of listPages(ask, signal, from)) {
    last = objects.at(-1)?.id ?? last;
    for (const object of objects) addObject(batch, stream, object.id, object, readAt, position);
    if (batch.rows >= BATCH_ROWS) {
      yield { batch, last };
      batch = envelopeBatch();
    }
  }
  yield { batch, last };
}

function addObject(
  batch: EnvelopeBatch,
  stream: string,
  id: string,
  object: object | null,
  readAt: Date,
  position: string,
): void {
  const seconds = Math.floor(readAt.getTime() / 1000);
  const payload =
    object === null
      ? null
      : JSON.stringify({ object: "event", type: `${stream}.read`, created: seconds, data: { object } });
  const op = object === null ? "d" : "r";
  batch.add(stream, op, JSON.stringify({ id }), payload, null, BigInt(seconds) * 1_000_000n, position, 1);
}

/**
 * Place of an object that was read to mend it: behind every second before the read, and before every event of that second
 * and later, which show the same state or a newer one.
 */
export function readPosition(readAt: Date): string {
  return `${sweepPosition(readAt)}.`;
}

/** Right before `readPosition`: what stands before it and was not read is no longer at Stripe. */
export function sweepPosition(readAt: Date): string {
  const millis = readAt.getTime();
  const [seconds, rest] = [Math.floor(millis / 1000), millis % 1000];
  return `${String(seconds).padStart(12, "0")}.00.read${String(rest).padStart(3, "0")}`;
}
