import { type Clock, type IdSource, PlatformError } from "../kernel/index.ts";
import type { SourceStore } from "./ports.ts";
import { type Reconciliation, type ReconciliationStore, whyLeft } from "./reconcile.ts";

/** Looks at the streams of `sources` as the real one does. */
export function memoryReconciliationStore(
  sources: Pick<SourceStore, "streams">,
  { clock, ids }: { clock: Clock; ids: IdSource },
): ReconciliationStore {
  let all: readonly Reconciliation[] = [];
  const put = (changed: Reconciliation): void => {
    all = all.map((each) => (each.id === changed.id ? changed : each));
  };
  const isOpen = ({ state }: Reconciliation): boolean => state === "asked" || state === "running";
  const openOf = (source: string, stream: string): Reconciliation | undefined =>
    all.find((each) => each.source === source && each.stream === stream && isOpen(each));
  const make = (request: Parameters<ReconciliationStore["ask"]>[0]): Reconciliation => {
    const asked = { id: ids.next(), state: "asked" as const, requestedAt: clock.now(), endedAt: null, outcome: null };
    const made = { ...request, ...asked };
    all = [...all, made];
    return made;
  };
  return {
    async ask(request) {
      const { source, stream } = request;
      if (!(await sources.streams(source)).some((each) => each.stream === stream))
        throw new PlatformError("not-found", `${source} has no stream ${stream}`);
      if (openOf(source, stream) !== undefined)
        throw new PlatformError("conflict", `${stream} is being compared already`);
      return make(request);
    },
    async askAll({ source, repair, requestedBy }) {
      const streams = (await sources.streams(source)).map(({ stream, state, schema }) => ({
        stream,
        why: whyLeft({ state, key: schema.key }),
      }));
      return {
        asked: streams
          .filter(({ why }) => why === null)
          .map(({ stream }) => openOf(source, stream) ?? make({ source, stream, repair, requestedBy })),
        left: streams.flatMap(({ stream, why }) => (why === null ? [] : [{ stream, why }])),
      };
    },
    async take(source) {
      const asked = all.filter((each) => each.source === source && each.state === "asked");
      const next = asked.find((each) => each.requestedBy !== null) ?? asked[0];
      if (next === undefined) return null;
      const taken = { ...next, state: "running" as const };
      put(taken);
      return taken;
    },
    async finish(id, outcome) {
      const known = all.find((each) => each.id === id);
      if (known !== undefined && isOpen(known)) put({ ...known, state: outcome.state, outcome, endedAt: clock.now() });
    },
    find: (id) => Promise.resolve(all.find((each) => each.id === id) ?? null),
    list: (source, stream) =>
      Promise.resolve(
        all.filter((each) => each.source === source && (stream === null || each.stream === stream)).toReversed(),
      ),
    async reopen(source, underWay) {
      for (const each of all)
        if (each.source === source && each.state === "running" && !underWay.includes(each.id))
          put({ ...each, state: "asked" });
    },
    async mostDue(source, before) {
      const last = (stream: string): number =>
        all.findLast((each) => each.source === source && each.stream === stream)?.requestedAt.getTime() ?? 0;
      const due = (await sources.streams(source))
        .filter(
          ({ state, schema, stream }) =>
            state === "streaming" && schema.key.length > 0 && last(stream) < before.getTime(),
        )
        .sort((a, b) => last(a.stream) - last(b.stream));
      return due[0]?.stream ?? null;
    },
  };
}
