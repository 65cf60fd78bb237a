import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import type Stripe from "stripe";
import { type ListedBatch, listPages } from "./list-pages.ts";
import { readStripeEvent, stripeRow } from "./stripe-event.ts";
import { eventTypesOf } from "./stripe-objects.ts";

const BATCH_ROWS = 2_000;

/** Rows of every event of a stream that Stripe still lists (30 days), behind the event `from`, in batches, newest first. */
export async function* listedRows(
  client: Stripe,
  stream: string,
  livemode: boolean | null,
  signal: AbortSignal,
  from: string | null = null,
): AsyncGenerator<ListedBatch> {
  let batch = envelopeBatch();
  let last = from;
  const type = eventTypesOf(stream);
  for await (const events of listPages((start) => client.events.list({ ...start, type }), signal, from)) {
    last = events.at(-1)?.id ?? last;
    for (const event of events) {
      const read = readStripeEvent(event, livemode);
      if (!read.ok) continue;
      const row = stripeRow(read.event);
      if (row.stream === stream)
        batch.add(row.stream, row.op, row.key, row.payload, null, row.sourceMicros, row.position, 1);
    }
    if (batch.rows >= BATCH_ROWS) {
      yield { batch, last };
      batch = envelopeBatch();
    }
  }
  yield { batch, last };
}
