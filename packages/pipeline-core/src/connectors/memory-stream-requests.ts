import { type Clock, type IdSource, PlatformError } from "../kernel/index.ts";
import type { SourceId } from "./model.ts";
import type { SettledRequest, SourceStore, StreamRequest, StreamRequests } from "./ports.ts";
import { refuseUnfit } from "./stream-request.ts";

/** Looks at the streams of `sources` as the real one does; `settled` keeps the outcomes. */
export function memoryStreamRequests(
  sources: Pick<SourceStore, "streams">,
  { clock, ids }: { clock: Clock; ids: IdSource },
): StreamRequests & { readonly settled: ReadonlyMap<string, SettledRequest> } {
  const asked: StreamRequest[] = [];
  const settled = new Map<string, SettledRequest>();
  const open = (source: SourceId): StreamRequest[] =>
    asked.filter((request) => request.source === source && !settled.has(request.id));
  return {
    settled,
    async ask(request) {
      refuseUnfit(request, await sources.streams(request.source), open(request.source));
      const made = { ...request, id: ids.next(), requestedAt: clock.now() };
      asked.push(made);
      return made;
    },
    open: (source) => Promise.resolve(open(source)),
    async outcome(id) {
      if (!asked.some((request) => request.id === id))
        throw new PlatformError("not-found", `there is no request ${id}`);
      return settled.get(id) ?? null;
    },
    async lastDone({ source, stream, action }, since) {
      const like = asked.filter(
        (one) => one.source === source && one.stream === stream && one.action === action && one.requestedAt >= since,
      );
      const whole = like.filter((one) => one.range === undefined && settled.get(one.id)?.state === "done").at(-1);
      return whole === undefined ? null : (settled.get(whole.id) ?? null);
    },
    async settle(id, outcome) {
      if (!settled.has(id)) settled.set(id, outcome);
    },
  };
}
