import type { QuarantinedItem, SourceId } from "@nova/pipeline-core/connectors";

/** An event of Stripe's own is kept whole: only from it can the row be made later. */
const KEPT_EVENT = 256 * 1024;

/** An event that Stripe vouches for and that we do not take. */
export function refusedEvent(source: SourceId, detail: string, payload: string, receivedAt: Date): QuarantinedItem {
  return { source, stream: null, reason: "malformed", detail, payload: payload.slice(0, KEPT_EVENT), receivedAt };
}
