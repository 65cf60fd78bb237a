import type { CaptureHost, SnapshotProgress, StreamRecord, StreamRequest } from "@nova/pipeline-core/connectors";
import { HOUR, PlatformError } from "@nova/pipeline-core/kernel";
import { type EnvelopeBatch, envelopeBatch } from "@nova/pipeline-core/lakehouse";
import Stripe from "stripe";
import { z } from "zod";
import { listedRows } from "./listed-events.ts";
import { listedObjects, readPosition, sweepPosition } from "./stripe-objects.ts";

export interface ReadAllOptions {
  readonly client: Stripe;
  readonly livemode: boolean | null;
  /** Stores rows, and how far the reading is, in one transaction. */
  readonly store: (batch: EnvelopeBatch, progress: SnapshotProgress) => Promise<void>;
  /** Called between two batches of a long read: takes what came meanwhile. */
  readonly between: () => Promise<void>;
}

/** Where the reading of all objects of a stream stands; kept as the stream's cursor, in the transaction of the rows it covers. */
const placeSchema = z.object({
  /** What asked for it. */
  request: z.string(),
  begunAt: z.iso.datetime(),
  phase: z.enum(["objects", "events", "ended"]),
  /** The last object or event of the phase that was read; null = none yet. */
  after: z.string().nullable(),
  objects: z.number().int(),
  states: z.number().int(),
});
type Place = z.infer<typeof placeSchema>;

/** Whether the objects of a stream are being read again and the last of them is not. */
export function isReadAgain({ cursor }: Pick<StreamRecord, "cursor">): boolean {
  const place = parsePlace(cursor);
  return place !== null && place.phase !== "ended";
}

/**
 * Every object as it is now; then the newest event of each that the event list speaks of, at a place that wins over the same
 * event stored before. What is told by neither is no longer there. A worker that dies goes on where it stood. Returns what was
 * read, for the one who asked.
 */
export async function readAll(
  host: CaptureHost,
  options: ReadAllOptions,
  named: readonly StreamRecord[],
  request: StreamRequest,
  signal: AbortSignal,
): Promise<string> {
  const begunAt = host.clock.now().toISOString();
  let [objects, states] = [0, 0];
  for (const record of named) {
    const stored = parsePlace(record.cursor);
    let place: Place =
      stored?.request === request.id
        ? stored
        : { request: request.id, begunAt, phase: "objects", after: null, objects: 0, states: 0 };
    while (place.phase !== "ended") place = await readPhase(options, record.stream, place, signal);
    objects += place.objects;
    states += place.states;
  }
  return `${objects} objects read again, ${states} states told by events of 30 days; what is no longer in the source is marked deleted`;
}

/** Reads a phase to its end; when Stripe knows its place no longer, the phase begins anew. */
async function readPhase(options: ReadAllOptions, stream: string, place: Place, signal: AbortSignal): Promise<Place> {
  let at = place;
  try {
    const batches = place.phase === "objects" ? objectBatches : eventBatches;
    for await (const { batch, next } of batches(options, stream, place, signal)) {
      at = next;
      await options.store(batch, progressOf(stream, at));
      await options.between();
    }
  } catch (error) {
    if (at.after === null || !isLostPlace(error)) throw error;
    return at.phase === "objects" ? { ...at, after: null, objects: 0 } : { ...at, after: null, states: 0 };
  }
  if (at.phase === "objects") return { ...at, phase: "events", after: null };
  const ended: Place = { ...at, phase: "ended", after: null };
  const restingAt = restingTime(place);
  const sweep = envelopeBatch();
  sweep.add(stream, "t", null, null, null, BigInt(restingAt.getTime()) * 1_000n, sweepPosition(restingAt), 1);
  await options.store(sweep, progressOf(stream, ended));
  return ended;
}

interface Read {
  readonly batch: EnvelopeBatch;
  readonly next: Place;
}

async function* objectBatches(
  { client }: ReadAllOptions,
  stream: string,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<Read> {
  const restingAt = restingTime(place);
  let next = place;
  const listed = listedObjects(client, stream, restingAt, readPosition(restingAt), signal, place.after);
  for await (const { batch, last } of listed) {
    next = { ...next, after: last, objects: next.objects + batch.rows };
    yield { batch, next };
  }
}

async function* eventBatches(
  { client, livemode }: ReadAllOptions,
  stream: string,
  place: Place,
  signal: AbortSignal,
): AsyncGenerator<Read> {
  // Told newest first: older events of an object change nothing and are left out as far as this worker knows.
  const newest = new Map<string | null, string>();
  let next = place;
  for await (const { batch: listed, last } of listedRows(client, stream, livemode, signal, place.after)) {
    const batch = envelopeBatch();
    const { columns } = listed;
    columns.key.forEach((key, row) => {
      const position = columns.position[row] ?? "";
      if ((newest.get(key) ?? "") >= position) return;
      newest.set(key, position);
      const [op = "u", payload = null, sourceTs = null] = [
        columns.op[row],
        columns.payload[row],
        columns.sourceTs[row],
      ];
      batch.add(stream, op, key, payload, null, sourceTs, `${position}~${place.begunAt}`, 1);
    });
    next = { ...next, after: last, states: next.states + batch.rows };
    yield { batch, next };
  }
}

/** Events of the last hour stand behind what is read, so that no clock of ours can hold back a later one. */
function restingTime({ begunAt }: Place): Date {
  return new Date(Date.parse(begunAt) - HOUR);
}

/** Stripe goes on behind an object or event; one that is gone is no place any more. */
function isLostPlace(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeInvalidRequestError && error.param === "starting_after";
}

function progressOf(stream: string, place: Place): SnapshotProgress {
  const state = place.phase === "ended" ? "streaming" : "snapshotting";
  return { stream, state, rowsRead: place.objects + place.states, rowsExpected: null, cursor: JSON.stringify(place) };
}

function parsePlace(cursor: string | null): Place | null {
  if (cursor === null) return null;
  const parsed = placeSchema.safeParse(JSON.parse(cursor));
  if (!parsed.success)
    throw new PlatformError("internal", `the stored Stripe cursor is not one of ours: ${parsed.error.message}`);
  return parsed.data;
}
