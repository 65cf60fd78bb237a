import type { Clock, ErrorKind, IdSource, Logger, Transaction } from "../kernel/index.ts";
import type { CommitReceipt, RawInput } from "../lakehouse/index.ts";
import type { PiiTag } from "../catalog/index.ts";
import type { SourceDiagnosis } from "./diagnosis.ts";
import type { SourceComparison, SourceRows } from "./reconcile.ts";
import type { ReadSchema, SourceId, SourceKind, SourceState, StreamState } from "./model.ts";
import type {
  DeliveryLedger,
  Quarantine,
  RefusedRows,
  SettledRequest,
  StreamRecord,
  StreamRequest,
  WhichRefused,
} from "./ports.ts";

/** How personal a column of a stream is, by the rules of the installation. */
export type PiiRule = (stream: string, column: string) => PiiTag;

export interface StreamCount {
  readonly stream: string;
  readonly rows: number;
  readonly lastEventAt: Date | null;
}

export interface SnapshotProgress {
  readonly stream: string;
  readonly state: StreamState;
  readonly rowsRead: number;
  readonly rowsExpected: number | null;
  /** The connector's own resume point. */
  readonly cursor: string | null;
}

/** Rows of one source that go to raw together with the position behind them. */
export interface CaptureBatch {
  readonly input: RawInput;
  readonly counts: readonly StreamCount[];
  /** Size as the source sent it, for the flow figures. */
  readonly bytes: number;
  /** The source's position once these rows are in; never less than the one before. */
  readonly position: string;
  /** Saved in the same transaction as the rows. */
  readonly progress?: readonly SnapshotProgress[];
  /** More to write in that transaction, e.g. claimed delivery ids. */
  readonly within?: (tx: Transaction) => Promise<void>;
}

export interface SourceLag {
  /** Bytes the source (WAL) or the spool holds for us; null when unknown. */
  readonly bytes: number | null;
  /** Bytes of log that the source keeps on its disk because of us; absent when the source has no such thing. */
  readonly retainedBytes?: number | null;
  /** What the source says of that log: `reserved`, `extended`, `unreserved` or `lost`. */
  readonly slotState?: string | null;
}

/** What a connector may ask of the platform while it runs; bound to one source. */
export interface CaptureHost {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly logger: Logger;
  readonly quarantine: Quarantine;
  readonly deliveries: DeliveryLedger;
  readonly piiRule: PiiRule;
  /** The stored position; null before the first commit. */
  position(): Promise<string | null>;
  /**
   * Appends the batch to raw and moves the stored position, in one transaction. Calls queue up: one commit at a time.
   * After a failure nothing of the batch is stored, or, when the answer was lost, all of it: read `position` again.
   */
  commit(batch: CaptureBatch): Promise<CommitReceipt>;
  streams(): Promise<StreamRecord[]>;
  /** `position`: the place in the source's order at which these schemas begin. */
  saveStreamSchemas(schemas: readonly ReadSchema[], position?: string | null): Promise<StreamRecord[]>;
  setState(state: SourceState): Promise<void>;
  setStreamState(
    stream: string,
    state: StreamState,
    error?: { readonly kind: ErrorKind; readonly message: string },
  ): Promise<void>;
  /** What people asked of streams of this source and is still to be done, oldest first. */
  requests(): Promise<readonly StreamRequest[]>;
  /** What of this source a replay is about; see `Quarantine.refused`. */
  refused(which: WhichRefused): Promise<RefusedRows>;
  /** Ends a request; a second call for the same one changes nothing. */
  settleRequest(id: string, outcome: SettledRequest): Promise<void>;
  /** Everything the source did up to this time is in raw. */
  dataThrough(at: Date): Promise<void>;
  observeLag(lag: SourceLag): void;
}

/**
 * The code that reads one source. `run` goes on until `signal` aborts (then it returns) or something fails (then it throws
 * a PlatformError); it may be called again at once and resumes behind what was committed. Never two runs at a time.
 */
export interface Connector {
  readonly source: SourceId;
  readonly kind: SourceKind;
  run(host: CaptureHost, signal: AbortSignal): Promise<void>;
  /** Checks what capture needs of the source and changes nothing; absent where there is nothing to check. Never throws. */
  readonly diagnose?: () => Promise<SourceDiagnosis>;
  /** For comparing rows with their datasets, by the source's own engine or the lake's; both absent where that is not possible. */
  readonly comparison?: SourceComparison;
  readonly rows?: SourceRows;
}
