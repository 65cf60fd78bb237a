import { PlatformError } from "../kernel/index.ts";
import { mayAct } from "./model.ts";
import type { StreamRecord, StreamRequest } from "./ports.ts";

/** Throws when a request makes no sense for the streams as they are, or one for the same stream is still open. */
export function refuseUnfit(
  request: Pick<StreamRequest, "source" | "stream" | "action">,
  streams: readonly Pick<StreamRecord, "stream" | "state">[],
  open: readonly Pick<StreamRequest, "stream" | "action">[],
): void {
  const { source, stream, action } = request;
  const [waiting] = open.filter((each) => each.stream === stream);
  if (waiting !== undefined)
    throw new PlatformError("conflict", `${waiting.action} of ${stream ?? source} is asked already and not done yet`);
  if (stream === null) {
    if (action !== "resync")
      throw new PlatformError("invalid-input", `stream: name one to ${action}; only resync takes them all`);
    return;
  }
  const record = streams.find((each) => each.stream === stream);
  if (record === undefined) throw new PlatformError("not-found", `${source} has no stream ${stream}`);
  if (!mayAct(record.state, action))
    throw new PlatformError("conflict", `${stream} is ${record.state}: it cannot ${action} now`);
}
