import { type Clock, PlatformError, type Transaction } from "../kernel/index.ts";
import type { OpenBreaker } from "./breaker.ts";
import type { SourceDiagnosis } from "./diagnosis.ts";
import { DECIDED_STATE, type DriftItem, supersedes } from "./drift.ts";
import { decideDrift } from "./decide-drift.ts";
import type { NewTableRule, SourceId, SourceKind, SourceState } from "./model.ts";
import type {
  DeliveryLedger,
  DriftStore,
  FlowSample,
  Quarantine,
  QuarantinedItem,
  RefusedRows,
  SourceStore,
  StreamRecord,
  StreamRequests,
  WhichRefused,
  WorkerLease,
} from "./ports.ts";
import { saveSchema } from "./save-schema.ts";

/** A transaction for adapters that need none: statements do nothing, so writes through it are not undone on a throw. */
export const memoryTransaction: Transaction = { query: () => Promise.resolve({ rows: [], rowCount: 0 }) };

export interface MemorySource {
  kind: SourceKind;
  state: SourceState;
  error: { kind: string; message: string } | null;
  position: string | null;
  dataThrough: Date | null;
  diagnosis?: SourceDiagnosis;
  newTables: NewTableRule;
}

export interface MemorySourceStore extends SourceStore {
  readonly sources: ReadonlyMap<SourceId, Readonly<MemorySource>>;
  readonly flow: readonly FlowSample[];
  /** Oldest first; `memoryDriftStore` settles them. */
  readonly drift: DriftItem[];
  /** Puts a stream as it is after a decision. */
  putStream(record: StreamRecord): void;
  /** Rows counted per `source/stream`. */
  readonly counted: ReadonlyMap<string, number>;
}

/** `lease` decides which epoch may move positions; without one every epoch may. */
export function memorySourceStore(lease?: MemoryWorkerLease): MemorySourceStore {
  const sources = new Map<SourceId, MemorySource>();
  const streams = new Map<string, StreamRecord>();
  const breakers = new Map<string, OpenBreaker>();
  const flow: FlowSample[] = [];
  const counted = new Map<string, number>();
  const drift: DriftItem[] = [];
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
  const waiting = (record: StreamRecord): StreamRecord =>
    drift.some(
      (item) => item.source === record.source && item.stream === record.stream && item.state === "open" && item.waits,
    )
      ? { ...record, schema: { ...record.schema, waits: true } }
      : record;
  return {
    sources,
    flow,
    drift,
    counted,
    putStream: (record) => void put(record),
    async registerSource({ id, kind, configured }) {
      const known = sources.get(id);
      const state = !configured
        ? "not-configured"
        : known === undefined || known.state === "not-configured"
          ? "connecting"
          : known.state;
      sources.set(id, { position: null, dataThrough: null, error: null, newTables: "include", ...known, kind, state });
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
        .map(waiting)
        .sort((a, b) => (a.stream < b.stream ? -1 : 1));
    },
    async saveStreamSchemas(source, schemas, seen = {}) {
      const { position, newTables } = sourceOf(source);
      const rule = position === null ? null : newTables;
      return schemas.map((schema) => {
        const saved = saveSchema(source, streams.get(`${source}/${schema.stream}`), schema, rule, seen);
        for (const item of saved.drift) {
          drift.forEach((each, index) => {
            if (each.source === source && each.stream === item.stream && each.state === "open")
              if (supersedes(item.change, each.change)) drift[index] = { ...each, state: "superseded" };
          });
          drift.push({
            ...item,
            id: `drift-${drift.length + 1}`,
            seenAt: new Date(drift.length),
            decidedBy: null,
            decidedAt: null,
          });
        }
        put(saved.record);
        return waiting(saved.record);
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
    async saveBreaker(id, part, breaker) {
      sourceOf(id);
      if (breaker.state === "closed") breakers.delete(`${id} ${part}`);
      else breakers.set(`${id} ${part}`, { source: id, part, ...breaker });
    },
    openBreakers: async () => [...breakers.keys()].toSorted().flatMap((key) => breakers.get(key) ?? []),
    closeBreakers: async () => breakers.clear(),
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

/** Settles what `sources` found and asks `requests`, as the real one does. */
export function memoryDriftStore(sources: MemorySourceStore, requests: StreamRequests, clock: Clock): DriftStore {
  return {
    async list({ source, open }) {
      const found = sources.drift.filter(
        (item) => (source === undefined || item.source === source) && (open !== true || item.state === "open"),
      );
      return found.toReversed().sort((a, b) => Number(b.state === "open") - Number(a.state === "open"));
    },
    async decide({ item: id, choice, target, decidedBy }) {
      const index = sources.drift.findIndex((each) => each.id === id);
      const item = sources.drift[index];
      if (item === undefined) throw new PlatformError("not-found", `there is no drift item ${id}`);
      const record = (await sources.streams(item.source)).find((each) => each.stream === item.stream);
      if (record === undefined) throw new PlatformError("not-found", `stream ${item.stream} is not known`);
      const decided = decideDrift(record, item, { choice, target });
      const { source, stream } = item;
      const asked =
        decided.ask === null
          ? null
          : await requests.ask({ source, stream, action: decided.ask, requestedBy: decidedBy });
      const { staged: _staged, waits: _waits, ...schema } = record.schema;
      const staged = decided.staged === undefined ? {} : { staged: decided.staged };
      sources.putStream({ ...record, schema: { ...schema, ...staged, decisions: (schema.decisions ?? 0) + 1 } });
      const settled = { ...item, state: DECIDED_STATE[choice], decidedBy, decidedAt: clock.now() };
      sources.drift[index] = settled;
      return { item: settled, asked };
    },
    async newTableRule(source) {
      const known = sources.sources.get(source);
      if (known === undefined) throw new PlatformError("not-found", `source ${source} is not registered`);
      return known.newTables;
    },
    async setNewTableRule(source, rule) {
      const known = sources.sources.get(source);
      if (known === undefined) throw new PlatformError("not-found", `source ${source} is not registered`);
      Object.assign(known, { newTables: rule });
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
    refused: async (source, which) =>
      memoryRefused(
        items.filter((item) => item.source === source),
        which,
      ),
  };
}

/** Of these items, numbered as they came, those that are asked for. */
export function memoryRefused(
  items: readonly QuarantinedItem[],
  { stream, why, until, after, most = items.length }: WhichRefused,
): RefusedRows {
  const asked = items
    .map((item, index) => ({ item, id: String(index + 1).padStart(12, "0") }))
    .filter(
      ({ item, id }) =>
        item.stream === stream &&
        (why === undefined || item.detail === why) &&
        (until === undefined || item.receivedAt <= until) &&
        (after === undefined || id > after),
    );
  const rows = asked.slice(0, most).map(({ item: { payload, origin = null }, id }) => ({ id, payload, origin }));
  return { rows, complete: asked.length <= most };
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
