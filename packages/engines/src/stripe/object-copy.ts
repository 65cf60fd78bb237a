import { PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import type { SourceRows } from "@nova/pipeline-core/connectors";
import type Stripe from "stripe";
import { stripeFailure } from "./failure.ts";
import { listedRows } from "./listed-events.ts";
import { isReadable, listedObjects, readObjects, readPosition } from "./stripe-objects.ts";

/** What is only compared takes no place among what is stored. */
const EPOCH = new Date(0);
/** An object that was deleted is missing at once; its event is listed a moment later. */
const DELETES_WITHIN = 30 * SECOND;

/**
 * What Stripe tells of a stream: every object of its list as it is now, and the newest state of those that the event list of
 * 30 days speaks of; or single objects as they are now. A stream without a list of objects is judged by its events alone.
 */
export function stripeRows(
  client: Stripe,
  { livemode, deletesWithinMillis = DELETES_WITHIN }: { livemode: boolean | null; deletesWithinMillis?: number },
): SourceRows {
  return {
    complete: isReadable,
    tells: "events",
    deletesWithinMillis,
    async *rows(schema, keys, signal) {
      try {
        if (keys !== null) {
          if (!isReadable(schema.stream))
            throw new PlatformError("invalid-input", `Stripe has no way to read single objects of ${schema.stream}`);
          const read = await readObjects(client, schema.stream, keys, EPOCH, () => readPosition(EPOCH), signal);
          yield read.batch.columns;
          return;
        }
        // Objects first: one that is made meanwhile is told of by its event.
        if (isReadable(schema.stream))
          for await (const { batch } of listedObjects(client, schema.stream, EPOCH, "", signal)) yield batch.columns;
        for await (const { batch } of listedRows(client, schema.stream, livemode, signal)) yield batch.columns;
      } catch (error) {
        throw stripeFailure(error);
      }
    },
  };
}
