import { PlatformError } from "../kernel/index.ts";
import { mayAct, REPLAYED_WHOLE, replayedReason, STEERED } from "./model.ts";
import type { RowRange, StreamRecord, StreamRequest } from "./ports.ts";

/** Throws when a request makes no sense for the streams as they are, or one for the same stream is still open. */
export function refuseUnfit(
  request: Pick<StreamRequest, "source" | "stream" | "action" | "range" | "why">,
  streams: readonly Pick<StreamRecord, "stream" | "state" | "schema">[],
  open: readonly Pick<StreamRequest, "stream" | "action">[],
): void {
  const { source, stream, action } = request;
  if (action !== "repair" && !STEERED[source].includes(action))
    throw new PlatformError("invalid-input", `action: streams of ${source} cannot ${action}`);
  const [waiting] = open.filter((each) => each.stream === stream);
  if (waiting !== undefined)
    throw new PlatformError("conflict", `${waiting.action} of ${stream ?? source} is asked already and not done yet`);
  if (request.why !== undefined && (action !== "replay" || replayedReason(source, stream) !== "malformed"))
    throw new PlatformError("invalid-input", `why: only a replay of what could not be read takes a part of it`);
  if (stream === null) {
    if (action === "replay" && REPLAYED_WHOLE.includes(source)) return;
    if (action !== "resync")
      throw new PlatformError("invalid-input", `stream: name one to ${action}; only resync takes them all`);
    return;
  }
  const record = streams.find((each) => each.stream === stream);
  if (record === undefined) throw new PlatformError("not-found", `${source} has no stream ${stream}`);
  if (!mayAct(record.state, action))
    throw new PlatformError("conflict", `${stream} is ${record.state}: it cannot ${action} now`);
  if (request.range !== undefined) refuseUnfitRange(request.range, request, record);
}

function refuseUnfitRange(
  { from, through }: RowRange,
  { source, action }: Pick<StreamRequest, "source" | "action">,
  { stream, state, schema: { key } }: Pick<StreamRecord, "stream" | "state" | "schema">,
): void {
  if (action !== "resync" || source !== "orders_db")
    throw new PlatformError("invalid-input", `range: only tables of the order database are read again by key range`);
  if (key.length === 0) throw new PlatformError("invalid-input", `range: ${stream} has no key`);
  if (from === null && through === null)
    throw new PlatformError("invalid-input", "range: give its first key, its last or both");
  const unfit = [from, through].find((bound) => bound !== null && bound.length !== key.length);
  if (unfit !== undefined)
    throw new PlatformError(
      "invalid-input",
      `range: the key of ${stream} has ${key.length} values (${key.join(", ")})`,
    );
  // A table that does not stream misses the other rows' changes: it has to be read as a whole.
  if (state !== "streaming")
    throw new PlatformError("conflict", `${stream} is ${state}: a part of it is read again while it streams`);
}
