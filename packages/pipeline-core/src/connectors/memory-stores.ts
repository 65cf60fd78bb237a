import { refuseUnfit } from "./stream-request.ts";
import { type Clock, type IdSource, PlatformError, type Transaction } from "../kernel/index.ts";
import type { SourceDiagnosis } from "./diagnosis.ts";
import { diffSchema, type SchemaChange } from "./diff-schema.ts";
import type { SourceId, SourceKind, SourceState } from "./model.ts";
import type {
  DeliveryLedger,
  FlowSample,
  Quarantine,
  QuarantinedItem,
  SettledRequest,
  SourceStore,
  StreamRecord,
  StreamRequest,
  StreamRequests,
  WorkerLease,
} from "./ports.ts";

/** A transaction for adapters that need none: statements do nothing, so writes through it are not undone on a throw. */
export const memoryTransaction: Transaction = { query: () => Promise.resolve({ rows: [], rowCount: 0 }) };

export interface MemorySource {
  kind: SourceKind;
  state: SourceState;
  error: { kind: string; message: string } | null;
  position: string | null;
  dataThrough: Date | null;
  diagnosis?: SourceDiagnosis;
}

export interface MemorySourceStore extends SourceStore {
  readonly sources: ReadonlyMap<SourceId, Readonly<MemorySource>>;
  readonly flow: readonly FlowSample[];
  readonly drift: readonly { source: SourceId; stream: string; from: number; to: number; changes: SchemaChange[] }[];
  /** Rows counted per `source/stream`. */
  readonly counted: ReadonlyMap<string, number>;
}

/** `lease` decides which epoch may move positions; without one every epoch may. */
export function memorySourceStore(lease?: MemoryWorkerLease): MemorySourceStore {
  const sources = new Map<SourceId, MemorySource>();
  const streams = new Map<string, StreamRecord>();
  const flow: FlowSample[] = [];
  const counted = new Map<string, number>();
  const drift: { source: SourceId; stream: string; from: number; to: number; changes: SchemaChange[] }[] = [];
  const sourceOf = (id: SourceId): MemorySource => {
    const source = sources.get(id);
    if (source === undefined) throw new PlatformError("not-found", `source ${id} is not registered`);
    return source;
  };
  const streamOf = (source: SourceId, stream: string): StreamRecord => {
    const record = streams.get(`${source}/${stream}`);
    if (record === undefined) throw new PlatformError("not-found", `stream ${source}/${stream} is not known`);
    return record;
  };
  const put = (record: StreamRecord): StreamRecord => {
    streams.set(`${record.source}/${record.stream}`, record);
    return record;
  };
  return {
    sources,
    flow,
    drift,
    counted,
    async registerSource({ id, kind, configured }) {
      const known = sources.get(id);
      const state = !configured
        ? "not-configured"
        : known === undefined || known.state === "not-configured"
          ? "connecting"
          : known.state;
      sources.set(id, { position: null, dataThrough: null, error: null, ...known, kind, state });
    },
    async setSourceState(id, state, error) {
      Object.assign(sourceOf(id), { state, error: error ?? null });
    },
    async position(id) {
      return sources.get(id)?.position ?? null;
    },
    async advancePosition(_tx, { source: id, epoch, from, to }) {
      const source = sourceOf(id);
      if (lease !== undefined && !lease.holds(epoch))
        throw new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
      if (source.position !== from)
        throw new PlatformError("stale-writer", `${id} stands at ${source.position}, not at ${from}`);
      source.position = to;
    },
    async setDataThrough(id, through) {
      const source = sourceOf(id);
      if (source.dataThrough === null || source.dataThrough < through) source.dataThrough = through;
    },
    async dataThrough(id) {
      return sourceOf(id).dataThrough;
    },
    async streams(id) {
      return [...streams.values()]
        .filter((record) => record.source === id)
        .sort((a, b) => (a.stream < b.stream ? -1 : 1));
    },
    async saveStreamSchemas(source, schemas) {
      return schemas.map((schema) => {
        const known = streams.get(`${source}/${schema.stream}`);
        if (known === undefined)
          return put({
            source,
            stream: schema.stream,
            schema: { ...schema, version: 1 },
            state: "waiting",
            rowsRead: 0,
            rowsExpected: null,
            cursor: null,
          });
        const changes = diffSchema(known.schema, schema);
        const { version } = known.schema;
        if (changes.length > 0) drift.push({ source, stream: schema.stream, from: version, to: version + 1, changes });
        return put({ ...known, schema: { ...schema, version: changes.length > 0 ? version + 1 : version } });
      });
    },
    async saveSnapshotProgress(_tx, { source, stream, state, rowsRead, rowsExpected, cursor }) {
      put({ ...streamOf(source, stream), state, rowsRead, rowsExpected, cursor });
    },
    async setStreamState(source, stream, state) {
      put({ ...streamOf(source, stream), state });
    },
    async saveDiagnosis(id, diagnosis) {
      sourceOf(id).diagnosis = diagnosis;
    },
    async resetSource(id) {
      sourceOf(id).position = null;
      for (const record of streams.values())
        if (record.source === id) put({ ...record, state: "waiting", rowsRead: 0, rowsExpected: null, cursor: null });
    },
    async recordFlow(sample) {
      sourceOf(sample.source);
      flow.push(sample);
    },
    async countStreamRows(source, counts) {
      for (const { stream, rows } of counts)
        counted.set(`${source}/${stream}`, (counted.get(`${source}/${stream}`) ?? 0) + rows);
    },
  };
}

export function memoryQuarantine(): Quarantine & { readonly items: readonly QuarantinedItem[] } {
  const items: QuarantinedItem[] = [];
  return {
    items,
    async add(more) {
      items.push(...more);
    },
    async refused(source, stream) {
      const rows = items.filter((item) => item.source === source && item.stream === stream);
      return { payloads: rows.map((item) => item.payload), complete: true };
    },
  };
}

export function memoryDeliveryLedger(): DeliveryLedger {
  const taken = new Set<string>();
  return {
    async unseen(source, ids) {
      return new Set(ids.filter((id) => !taken.has(`${source}/${id}`)));
    },
    async claim(_tx, source, ids) {
      const again = ids.filter((id) => taken.has(`${source}/${id}`));
      if (again.length > 0)
        throw new PlatformError(
          "commit-conflict",
          `${again.length} deliveries of ${source} were taken in by another commit`,
        );
      for (const id of ids) taken.add(`${source}/${id}`);
    },
  };
}

export interface MemoryWorkerLease extends WorkerLease {
  holds(epoch: bigint): boolean;
}

export function memoryWorkerLease(): MemoryWorkerLease {
  let newest = 0n;
  let released = true;
  const holds = (epoch: bigint): boolean => epoch === newest && !released;
  return {
    holds,
    async acquire() {
      released = false;
      newest += 1n;
      return newest;
    },
    async heartbeat(epoch) {
      if (!holds(epoch)) throw new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
    },
    async release(epoch) {
      if (holds(epoch)) released = true;
    },
  };
}

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
    async settle(id, outcome) {
      if (!settled.has(id)) settled.set(id, outcome);
    },
  };
}
