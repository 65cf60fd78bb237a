import type { CaptureHost, RowKey, StreamRecord, StreamRequest } from "@nova/pipeline-core/connectors";
import { z } from "zod";
import type { EventLoader } from "./event-loader.ts";
import { readAll, type ReadAllOptions } from "./read-all.ts";
import { isReadable, readObjects, readPosition } from "./stripe-objects.ts";

export interface ObjectControlOptions extends ReadAllOptions {
  /** Stores rows beside what webhooks and the list bring. */
  readonly store: EventLoader["store"];
  readonly again: EventLoader["again"];
}

/** More objects than these are read again by the event list. */
const MOST_KEYS = 2_000;
/** An event that was refused is kept whole: memory holds so many. */
const REPLAYED_AT_ONCE = 200;

/** Does what people and comparisons ask of objects: reading some of them again, or all that the event list speaks of. */
export async function tendRequests(
  host: CaptureHost,
  options: ObjectControlOptions,
  signal: AbortSignal,
): Promise<void> {
  for (const request of await host.requests()) {
    if (signal.aborted) return;
    if (request.action === "replay" && request.stream === null) {
      await replayEvents(host, options, request);
      continue;
    }
    const records = await host.streams();
    const named = records.filter(
      ({ stream }) => isReadable(stream) && (request.stream === null || stream === request.stream),
    );
    const message = await carryOut(host, options, request, named, signal);
    await host.settleRequest(
      request.id,
      message === null
        ? { state: "failed", message: `nothing to ${request.action}: Stripe does not offer that` }
        : { state: "done", message },
    );
  }
}

/** Events that were refused before a stream of them was known, by the rules of today. */
async function replayEvents(host: CaptureHost, { again }: ObjectControlOptions, request: StreamRequest): Promise<void> {
  const which = {
    stream: null,
    until: request.requestedAt,
    most: REPLAYED_AT_ONCE,
    ...(request.why === undefined ? {} : { why: request.why }),
  };
  const counts = { asked: 0, taken: 0, known: 0 };
  const refused: { id: string; why: string }[] = [];
  let after: string | undefined;
  do {
    const { rows, complete } = await host.refused({ ...which, ...(after === undefined ? {} : { after }) });
    const judged = await again(rows);
    counts.asked += rows.length;
    counts.taken += judged.taken;
    counts.known += judged.known;
    refused.push(...judged.refused);
    after = complete ? undefined : rows.at(-1)?.id;
  } while (after !== undefined);
  const { asked, taken, known } = counts;
  await host.settleRequest(request.id, {
    state: "done",
    message: `${asked} refused events: ${taken} taken, ${known} known by now, ${refused.length} refused again`,
    kept: { again: refused, left: [] },
  });
}

async function carryOut(
  host: CaptureHost,
  options: ObjectControlOptions,
  request: StreamRequest,
  named: readonly StreamRecord[],
  signal: AbortSignal,
): Promise<string | null> {
  const [record] = named;
  if (record === undefined) return null;
  switch (request.action) {
    case "pause":
    case "resume":
      return null;
    case "resync":
      return readAll(host, options, named, request, signal);
    case "repair":
    case "replay": {
      const keys = request.action === "repair" ? (request.keys ?? []) : await refusedKeys(host, record);
      return keys === null || keys.length > MOST_KEYS
        ? readAll(host, options, named, request, signal)
        : readSome(host, options, record.stream, keys, signal);
    }
  }
}

async function readSome(
  host: CaptureHost,
  { client, store }: ObjectControlOptions,
  stream: string,
  keys: readonly RowKey[],
  signal: AbortSignal,
): Promise<string> {
  const readAt = host.clock.now();
  const read = await readObjects(client, stream, keys, readAt, () => readPosition(readAt), signal);
  await store(read.batch);
  return `${read.found} objects read again, ${read.gone} no longer in the source`;
}

/** Ids of a stream's events in quarantine; null when not all of them are known. */
async function refusedKeys(host: CaptureHost, { stream }: StreamRecord): Promise<RowKey[] | null> {
  const { rows, complete } = await host.refused({ stream });
  if (!complete) return null;
  const event = z.object({ data: z.object({ object: z.object({ id: z.string() }) }) });
  const ids = rows.map(({ payload }) => event.safeParse(JSON.parse(payload)).data?.data.object.id);
  return ids.includes(undefined) ? null : [...new Set(ids)].map((id = "") => ({ id }));
}
