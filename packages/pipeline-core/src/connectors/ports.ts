import type { ErrorKind, Transaction } from "../kernel/index.ts";
import type { Breaker, BreakerPart, OpenBreaker } from "./breaker.ts";
import type { SourceDiagnosis } from "./diagnosis.ts";
import type { DriftDecision } from "./decide-drift.ts";
import type { DriftItem } from "./drift.ts";
import type {
  NewTableRule,
  QuarantineReason,
  ReadSchema,
  SourceId,
  SourceKind,
  SourceState,
  StreamAction,
  StreamSchema,
  StreamState,
} from "./model.ts";

/** What is known of a schema's change beside the schema. */
export interface SeenSchema {
  /** Place in the source's order where it was seen. */
  readonly position?: string | null;
  /** Whether models or people rely on a column of a stream's dataset; nothing is relied on when absent. */
  readonly needs?: (stream: string, stagedColumn: string) => boolean;
}

/**
 * What the platform remembers of its sources. Every method is idempotent unless it says otherwise; all may be called
 * concurrently for different sources; success means durable.
 */
export interface SourceStore {
  /** Makes the source known (or updates its kind and display name). */
  registerSource(source: { id: SourceId; kind: SourceKind; configured: boolean }): Promise<void>;
  setSourceState(source: SourceId, state: SourceState, error?: { kind: ErrorKind; message: string }): Promise<void>;
  /** The stored end position; null before the first commit. */
  position(source: SourceId): Promise<string | null>;
  /**
   * Moves the stored position inside a table commit. Throws `stale-writer` when the stored position is not `from` or
   * when `epoch` is no longer the worker's lease: then the whole commit is undone.
   */
  advancePosition(
    tx: Transaction,
    move: { source: SourceId; epoch: bigint; from: string | null; to: string; at: Date },
  ): Promise<void>;
  /** Everything the source did up to `through` is in its raw dataset (also when that was nothing). */
  setDataThrough(source: SourceId, through: Date): Promise<void>;
  /** What `setDataThrough` last said; null before. */
  dataThrough(source: SourceId): Promise<Date | null>;

  streams(source: SourceId): Promise<StreamRecord[]>;
  /**
   * Inserts or updates the stream; a changed schema gets the next version and its drift items in the same transaction. Once
   * the source has a stored position, new streams follow its rule for new tables.
   */
  saveStreamSchemas(source: SourceId, schemas: readonly ReadSchema[], seen?: SeenSchema): Promise<StreamRecord[]>;
  /** Snapshot progress inside the commit that carries the rows. `cursor` is the connector's own resume point. */
  saveSnapshotProgress(
    tx: Transaction,
    progress: {
      source: SourceId;
      stream: string;
      state: StreamState;
      rowsRead: number;
      rowsExpected: number | null;
      cursor: string | null;
    },
  ): Promise<void>;
  setStreamState(
    source: SourceId,
    stream: string,
    state: StreamState,
    error?: { kind: ErrorKind; message: string },
  ): Promise<void>;
  /** What the last check of the source's requirements found. */
  saveDiagnosis(source: SourceId, diagnosis: SourceDiagnosis): Promise<void>;
  /**
   * Forgets position and snapshot progress, so that the next run reads the whole source again; streams, schemas and rows
   * stay. For a source whose log is lost.
   */
  resetSource(source: SourceId): Promise<void>;
  /** How the circuit breaker of a part of the source stands; the last one said is what stands. */
  saveBreaker(source: SourceId, part: BreakerPart, breaker: Breaker): Promise<void>;
  /** Those that are not closed, by source and part. */
  openBreakers(): Promise<OpenBreaker[]>;
  /** A worker that starts tries everything anew. */
  closeBreakers(): Promise<void>;
  /** One sample of a source's flow; samples are kept per 10 seconds and rolled up. */
  recordFlow(sample: FlowSample): Promise<void>;
  /** Adds to each stream's row counters and last event time after a commit. */
  countStreamRows(
    source: SourceId,
    counts: readonly { stream: string; rows: number; lastEventAt: Date | null }[],
  ): Promise<void>;
}

export interface StreamRecord {
  readonly source: SourceId;
  readonly stream: string;
  readonly schema: StreamSchema;
  readonly state: StreamState;
  readonly rowsRead: number;
  readonly rowsExpected: number | null;
  readonly cursor: string | null;
}

export interface FlowSample {
  readonly source: SourceId;
  readonly at: Date;
  readonly rows: number;
  readonly bytes: number;
  readonly errors: number;
  /** Seconds between the source's newest change and what is committed; null when unknown. */
  readonly lagSeconds: number | null;
  /** Bytes the source holds back for us (WAL) or the spool holds; null when unknown. */
  readonly lagBytes: number | null;
  /** As `SourceLag` says; absent = not known now. */
  readonly retainedBytes?: number | null;
  readonly slotState?: string | null;
  readonly lastEventAt: Date | null;
}

/**
 * What people decide about drift. Decisions are on record with their audit entry in one transaction, and take effect at the
 * next load of the dataset.
 */
export interface DriftStore {
  /** Open ones first, newest first; at most 200. */
  list(filter: { readonly source?: SourceId; readonly open?: boolean }): Promise<DriftItem[]>;
  /**
   * Settles an item, and asks the stream to be read again where the decision needs it. Throws `not-found`, `conflict` when it
   * is settled already or the stream is being read for somebody else, `invalid-input` for a choice that makes no sense.
   */
  decide(decision: DriftDecision & { readonly item: string; readonly decidedBy: string }): Promise<SettledDrift>;
  newTableRule(source: SourceId): Promise<NewTableRule>;
  setNewTableRule(source: SourceId, rule: NewTableRule, setBy: string): Promise<void>;
}

export interface SettledDrift {
  readonly item: DriftItem;
  /** What was asked of the stream so that every row is as decided. */
  readonly asked: StreamRequest | null;
}

/** What a person asked of one stream, or with `stream` null of every stream of the source. */
export interface StreamRequest {
  readonly id: string;
  readonly source: SourceId;
  readonly stream: string | null;
  readonly action: StreamAction;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  /** For `repair`: the keys to read again, by the source's column names. */
  readonly keys?: readonly Readonly<Record<string, string>>[];
  /** For `resync`: just the rows between these keys. */
  readonly range?: RowRange;
  /** For `replay`: just what was refused in these words. */
  readonly why?: string;
}

/** Keys from one to another, both included, as texts of the key's columns in order; null = no bound. */
export interface RowRange {
  readonly from: readonly string[] | null;
  readonly through: readonly string[] | null;
}

export interface SettledRequest {
  readonly state: "done" | "failed";
  /** What was done, with counts, or why it was not. */
  readonly message: string;
  /** Of a replay: what is not out of quarantine with it. */
  readonly kept?: KeptRefusals;
}

export interface KeptRefusals {
  /** Refused once more, by the id in quarantine, with what is wrong by the rules of today. */
  readonly again: readonly { readonly id: string; readonly why: string }[];
  /** Ids of what was not judged. */
  readonly left: readonly string[];
}

/** Requests of people to the connector of a source. Success means durable; they outlive every restart until settled. */
export interface StreamRequests {
  /**
   * Records the request with its audit entry in one transaction. Throws `not-found` for an unknown stream and `conflict`
   * when the stream's state does not allow it or another request for it is open.
   */
  ask(
    request: Pick<StreamRequest, "source" | "stream" | "action" | "requestedBy" | "keys" | "range" | "why">,
  ): Promise<StreamRequest>;
  /** Not settled yet, oldest first. */
  open(source: SourceId): Promise<StreamRequest[]>;
  /** What became of a request; null while it is open. Throws `not-found` for one that nobody made. */
  outcome(id: string): Promise<SettledRequest | null>;
  /** The last one for the whole stream that was asked since then and is done; null when there is none. */
  lastDone(request: Pick<StreamRequest, "source" | "stream" | "action">, since: Date): Promise<SettledRequest | null>;
  /** Idempotent: the first outcome stands. A replay that is done takes what was replayed out of quarantine with it. */
  settle(id: string, outcome: SettledRequest): Promise<void>;
}

export interface QuarantinedItem {
  readonly source: SourceId;
  readonly stream: string | null;
  readonly reason: QuarantineReason;
  /** What was wrong, without the data itself. */
  readonly detail: string;
  /** The refused bytes as text, kept for replay; readers see it masked. */
  readonly payload: string;
  readonly receivedAt: Date;
  /** For a record of a batch that was taken. */
  readonly origin?: RefusedOrigin;
}

/** Which record of which batch something was. */
export interface RefusedOrigin {
  /** Its name in the delivery ledger once it is taken; what has the same name waits in quarantine once. */
  readonly delivery: string;
  /** The batch it came in, as the ledger knows it; null when the batch is known to be acknowledged. */
  readonly batchId: string | null;
  /** Whose token it came with. */
  readonly sender: string;
  /** What the payload is: a line of JSON, or an OTLP request of one record. */
  readonly form: "line" | "otlp";
}

export interface RefusedRow {
  readonly id: string;
  readonly payload: string;
  readonly origin: RefusedOrigin | null;
}

export interface RefusedRows {
  /** Oldest first. */
  readonly rows: readonly RefusedRow[];
  /** False when only a sample of the refused rows is kept, or there are more than were named. */
  readonly complete: boolean;
}

/** Which rows of the quarantine. */
export interface WhichRefused {
  readonly stream: string | null;
  /** Just those that were refused in these words. */
  readonly why?: string;
  /** Just those that came up to then. */
  readonly until?: Date;
  /** To go on behind this one. */
  readonly after?: string;
  /** No more at once than these. */
  readonly most?: number;
}

/** Rows that could not be accepted. Success means durable; what has no origin is counted twice when it is added twice. */
export interface Quarantine {
  add(items: readonly QuarantinedItem[]): Promise<void>;
  /**
   * What a replay is about and was not replayed since: rows of a stream that did not fit their columns, or what was sent and
   * could not be read (`replayedReason`). What nobody vouches for is never told.
   */
  refused(source: SourceId, which: WhichRefused): Promise<RefusedRows>;
}

/**
 * Ids already taken in, for sources that deliver at least once (Stripe events, log batches).
 * `claim` runs inside the commit: it returns only ids not seen before and remembers them with that commit.
 */
export interface DeliveryLedger {
  unseen(source: SourceId, ids: readonly string[]): Promise<Set<string>>;
  claim(tx: Transaction, source: SourceId, ids: readonly string[], at: Date): Promise<void>;
}

/** Who may write. Only one worker holds the lease; taking it fences every older holder by a higher epoch. */
export interface WorkerLease {
  /** Takes the lease; waits for no one. Returns the new epoch. */
  acquire(worker: { id: string; pid: number; startedAt: Date }): Promise<bigint>;
  /** Says the worker lives. Throws `stale-writer` when another took over. */
  heartbeat(epoch: bigint): Promise<void>;
  release(epoch: bigint): Promise<void>;
}
