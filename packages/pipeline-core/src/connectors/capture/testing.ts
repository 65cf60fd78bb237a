import {
  type CopiedRows,
  emptyEnvelopeColumns,
  type CommitReceipt,
  type EnvelopeColumns,
} from "../../lakehouse/index.ts";
import { type Clock, type IdSource, type Logger, PlatformError, type Transaction } from "../../kernel/index.ts";
import type { CaptureBatch, CaptureHost, PiiRule, SnapshotProgress, SourceLag } from "../connector.ts";
import type { NewTableRule, SourceId, SourceState, StreamAction } from "../model.ts";
import type { DeliveryLedger, QuarantinedItem, SettledRequest, StreamRecord, StreamRequest } from "../ports.ts";
import { memoryRefused } from "../memory-stores.ts";
import { saveSchema, type SeenDrift } from "../save-schema.ts";

export interface MemoryCaptureHost extends CaptureHost {
  /** Everything committed so far, in order. */
  readonly rows: EnvelopeColumns;
  readonly batches: CaptureBatch[];
  readonly spoolFiles: string[];
  readonly quarantined: QuarantinedItem[];
  readonly states: SourceState[];
  readonly claimed: Set<string>;
  readonly drift: SeenDrift[];
  /** The source's rule for tables that appear after its first commit. */
  newTableRule: NewTableRule;
  readonly lagBytes: () => number | null;
  readonly lag: () => SourceLag | null;
  /** What streams failed with. */
  readonly streamErrors: ReadonlyMap<string, { readonly kind: string; readonly message: string }>;
  readonly settled: ReadonlyMap<string, SettledRequest>;
  /** Forgets position and progress, as the store does for a source that is read again from the start. */
  reset(): void;
  /** Asks as a person would; returns the request's id. */
  ask(stream: string | null, action: StreamAction, part?: Pick<StreamRequest, "range" | "why">): string;
  readonly through: () => Date | null;
  /** Called before a batch is stored; throwing makes the commit fail with nothing stored. */
  beforeCommit: (batch: CaptureBatch) => void | Promise<void>;
  /** Called after a batch is stored; throwing loses the answer, not the rows. */
  afterCommit: (batch: CaptureBatch) => void | Promise<void>;
}

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

const noTransaction: Transaction = {
  query: () => Promise.reject(new PlatformError("internal", "the memory host has no database")),
};

/**
 * A host that keeps what it is given, with the commit rules of the real one: one at a time, positions never go back.
 * `readCopied` reads files of copied rows; without it a source that brings such is refused.
 */
export function memoryCaptureHost(
  source: SourceId,
  tools: {
    clock: Clock;
    ids: IdSource;
    piiRule?: PiiRule;
    readCopied?: (copied: CopiedRows) => Promise<EnvelopeColumns>;
  },
): MemoryCaptureHost {
  const readCopied = async (copied: CopiedRows): Promise<EnvelopeColumns> => {
    if (tools.readCopied === undefined) throw new PlatformError("internal", "this memory host reads no copied rows");
    return tools.readCopied(copied);
  };
  const rows = emptyEnvelopeColumns();
  const batches: CaptureBatch[] = [];
  const spoolFiles: string[] = [];
  const quarantined: QuarantinedItem[] = [];
  const states: SourceState[] = [];
  const claimed = new Set<string>();
  const drift: SeenDrift[] = [];
  const streams = new Map<string, StreamRecord>();
  let position: string | null = null;
  let lag: SourceLag | null = null;
  const streamErrors = new Map<string, { readonly kind: string; readonly message: string }>();
  const asked: StreamRequest[] = [];
  const settled = new Map<string, SettledRequest>();
  let through: Date | null = null;
  let last: Promise<unknown> = Promise.resolve();

  const saveProgress = (progress: SnapshotProgress): void => {
    const known = streams.get(progress.stream);
    if (known === undefined) throw new PlatformError("internal", `unknown stream ${progress.stream}`);
    streams.set(progress.stream, { ...known, ...progress });
  };

  const store = async (batch: CaptureBatch): Promise<CommitReceipt> => {
    await host.beforeCommit(batch);
    if (position !== null && batch.position < position) {
      throw new PlatformError("stale-writer", `position would go back from ${position} to ${batch.position}`);
    }
    await batch.within?.(noTransaction);
    let count = 0;
    switch (batch.input.from) {
      case "columns":
        count = batch.input.columns.op.length;
        appendColumns(rows, batch.input.columns);
        break;
      case "copied":
        for (const copied of batch.input.copied) appendColumns(rows, await readCopied(copied));
        appendColumns(rows, batch.input.columns);
        count = batch.counts.reduce((sum, each) => sum + each.rows, 0);
        break;
      case "spool":
        spoolFiles.push(...batch.input.files);
        count = batch.counts.reduce((sum, each) => sum + each.rows, 0);
    }
    batches.push(batch);
    position = batch.position;
    for (const each of batch.progress ?? []) saveProgress(each);
    await host.afterCommit(batch);
    return {
      dataset: `raw.${source}`,
      snapshotId: count === 0 ? null : String(batches.length),
      rows: count,
      bytes: batch.bytes,
      committedAt: tools.clock.now(),
    };
  };

  const deliveries: DeliveryLedger = {
    unseen: (_source, ids) => Promise.resolve(new Set(ids.filter((id) => !claimed.has(id)))),
    claim(_tx, _source, ids) {
      for (const id of ids) claimed.add(id);
      return Promise.resolve();
    },
  };

  const host: MemoryCaptureHost = {
    rows,
    batches,
    spoolFiles,
    quarantined,
    states,
    claimed,
    drift,
    newTableRule: "include",
    lagBytes: () => lag?.bytes ?? null,
    lag: () => lag,
    streamErrors,
    settled,
    reset() {
      position = null;
      for (const record of streams.values())
        streams.set(record.stream, { ...record, state: "waiting", rowsRead: 0, rowsExpected: null, cursor: null });
    },
    ask(stream, action, part = {}) {
      const id = tools.ids.next();
      asked.push({ id, source, stream, action, requestedBy: "operator", requestedAt: tools.clock.now(), ...part });
      return id;
    },
    through: () => through,
    beforeCommit() {},
    afterCommit() {},
    clock: tools.clock,
    ids: tools.ids,
    logger: silent,
    piiRule: tools.piiRule ?? (() => "none"),
    deliveries,
    quarantine: {
      add(items) {
        quarantined.push(...items);
        return Promise.resolve();
      },
      refused: (_source, which) => host.refused(which),
    },
    position: () => Promise.resolve(position),
    commit(batch) {
      const next = last.then(() => store(batch));
      last = next.catch(() => undefined);
      return next;
    },
    streams: () => Promise.resolve([...streams.values()]),
    saveStreamSchemas(schemas, at) {
      const rule = position === null ? null : host.newTableRule;
      for (const schema of schemas) {
        const saved = saveSchema(source, streams.get(schema.stream), schema, rule, { position: at ?? null });
        streams.set(schema.stream, saved.record);
        drift.push(...saved.drift);
      }
      return Promise.resolve([...streams.values()]);
    },
    setState(state) {
      states.push(state);
      return Promise.resolve();
    },
    requests: () => Promise.resolve(asked.filter((request) => !settled.has(request.id))),
    refused: (which) => Promise.resolve(memoryRefused(quarantined, which)),
    settleRequest(id, outcome) {
      if (!settled.has(id)) settled.set(id, outcome);
      return Promise.resolve();
    },
    setStreamState(stream, state, error) {
      const known = streams.get(stream);
      if (error === undefined) streamErrors.delete(stream);
      else streamErrors.set(stream, error);
      if (known !== undefined) streams.set(stream, { ...known, state });
      return Promise.resolve();
    },
    dataThrough(at) {
      through = at;
      return Promise.resolve();
    },
    observeLag(observed) {
      lag = observed;
    },
  };
  return host;
}

function appendColumns(into: EnvelopeColumns, from: EnvelopeColumns): void {
  append(into.stream, from.stream);
  append(into.op, from.op);
  append(into.key, from.key);
  append(into.payload, from.payload);
  append(into.unchanged, from.unchanged);
  append(into.sourceTs, from.sourceTs);
  append(into.position, from.position);
  append(into.schemaVersion, from.schemaVersion);
}

function append<Value>(into: Value[], from: readonly Value[]): void {
  for (const value of from) into.push(value);
}
