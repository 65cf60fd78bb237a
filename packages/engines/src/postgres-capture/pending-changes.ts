import { PlatformError } from "@nova/pipeline-core/kernel";
import type { CaptureHost, SnapshotProgress, StreamRecord } from "@nova/pipeline-core/connectors";
import { envelopeBatch, type EnvelopeBatch } from "@nova/pipeline-core/lakehouse";
import type pg from "pg";
import { describeRelation, relationKey, shapeOf, type SourceTable, streamName, streamSchema } from "./catalog.ts";
import { type Lsn, lsnText, ordinalText, parsePosition, positionText } from "./lsn.ts";
import { pgoutputDecoder } from "./pgoutput.ts";
import type { RelationMessage } from "./relation-message.ts";
import { KEEPALIVE, XLOG_HEADER_BYTES } from "./replication-stream.ts";
import { untilVisible } from "./visibility.ts";

/** Rows ready to commit, the position behind them, and how far the server may forget once they are durable. */
export interface TakenChanges {
  readonly batch: EnvelopeBatch;
  readonly position: string;
  readonly confirmLsn: Lsn;
  readonly progress: readonly SnapshotProgress[];
}

/** Rows of a table read beside the stream, to be told at one place of it. */
export interface ReadRows {
  readonly stream: string;
  readonly version: number;
  readonly lsn: Lsn;
  readonly keys: readonly (string | null)[];
  readonly payloads: readonly string[];
  /** Keys that were asked for and are no longer there. */
  readonly gone: readonly string[];
  /** Rows older than this position that were not read again are gone; null when nothing is swept. */
  readonly sweepBefore: string | null;
  /** Just rows of this range are swept: its JSON, as the truncate event's key has it; null = all. */
  readonly sweepRange: string | null;
  readonly progress: SnapshotProgress | null;
}

/** Turns replication messages into envelope rows and knows at every moment which position stands behind them. */
export interface PendingChanges {
  readonly rows: number;
  readonly size: number;
  /** Everything before this place was received; only meaningful while `rows` is 0. */
  readonly receivedLsn: Lsn;
  readonly inTransaction: boolean;
  read(message: Buffer): void;
  /** The message changes a table whose shape is not known: `describe` must run before it is read. */
  needsDescription(message: Buffer): boolean;
  describe(message: Buffer): Promise<void>;
  /** Changes of these streams are not taken. */
  skip(streams: ReadonlySet<string>): void;
  /** The table's schema as its catalog has it now; returns the version rows of it carry from here on. */
  adopt(table: SourceTable): Promise<number>;
  /** Puts rows that were read beside the stream at this very place of it. Only between transactions. */
  insert(rows: ReadRows): void;
  /** Whether a transaction that was received lately is in `running`. */
  received(running: (xid: number) => boolean): boolean;
  take(): TakenChanges;
}

interface StreamTarget {
  readonly stream: string;
  readonly version: number;
  readonly skipped: boolean;
}

/** More transactions than a server can hold between their commit record and their end in shared memory. */
const REMEMBERED_TRANSACTIONS = 16_384;

export interface PendingChangesOptions {
  readonly catalog: pg.Client;
  readonly publication: string;
  /** Tables whose catalog shape is the stored schema; rows of others wait for `describe`. */
  readonly tables: readonly SourceTable[];
  readonly streams: readonly StreamRecord[];
  /** Called for a table whose existing rows are not in the log: it has to be read beside the stream. */
  readonly unread: (table: SourceTable) => void;
  /** Called for a new table that is not captured before a person says so; it is to be skipped from here on. */
  readonly heldBack: (table: SourceTable) => void;
  /** Whether every table belongs to the publication: then a new one was made while we listened, and its rows are in the log. */
  readonly everyTable: boolean;
  /** The stored position: whatever is not behind it was committed before and is skipped (reliability §1.2). */
  readonly position: string;
}

export function pendingChanges(host: CaptureHost, options: PendingChangesOptions): PendingChanges {
  const start = parsePosition(options.position);
  const tables = new Map(options.tables.map((table) => [table.oid, table]));
  const versions = new Map(options.streams.map((record) => [record.stream, record.schema.version]));
  const targets = new Map<number, StreamTarget>();
  /** Told by the source, but without a change yet: partitions are, although their changes come under their root. */
  const undescribed = new Map<number, RelationMessage>();
  let batch = envelopeBatch();
  let progress = new Map<string, SnapshotProgress>();
  let skipped: ReadonlySet<string> = new Set();
  const transactions = new Uint32Array(REMEMBERED_TRANSACTIONS);
  let begun = 0;
  let receivedLsn = start.lsn;
  let transaction: { prefix: string; micros: bigint; lsn: Lsn; ordinal: number; skipThrough: number } | null = null;

  const decoder = pgoutputDecoder({
    begin(lsn, micros, xid) {
      transactions[begun % REMEMBERED_TRANSACTIONS] = xid;
      begun += 1;
      const skipThrough = lsn < start.lsn ? Number.POSITIVE_INFINITY : lsn === start.lsn ? start.ordinal : 0;
      transaction = { prefix: `${lsnText(lsn)}.`, micros, lsn, ordinal: 0, skipThrough };
    },
    commit(endLsn) {
      transaction = null;
      if (endLsn > receivedLsn) receivedLsn = endLsn;
    },
    relation(relation) {
      const stream = streamName(relation.schema, relation.table);
      const table = tables.get(relation.oid);
      targets.set(relation.oid, { stream, version: versions.get(stream) ?? 1, skipped: skipped.has(stream) });
      undescribed.delete(relation.oid);
      if (table !== undefined && table.shape === shapeOf(relation)) return table.key;
      undescribed.set(relation.oid, relation);
      return relationKey(relation, table?.key ?? []);
    },
    change(op, relationOid, key, payload, unchanged) {
      if (transaction === null) return;
      transaction.ordinal += 1;
      if (transaction.ordinal <= transaction.skipThrough) return;
      const target = targets.get(relationOid);
      if (target === undefined) throw new PlatformError("internal", `relation ${relationOid} has no stream`);
      if (target.skipped) return;
      batch.add(
        target.stream,
        op,
        key,
        payload,
        unchanged,
        transaction.micros,
        transaction.prefix + ordinalText(transaction.ordinal),
        target.version,
      );
    },
  });

  const received = (running: (xid: number) => boolean): boolean =>
    transactions.subarray(0, Math.min(begun, REMEMBERED_TRANSACTIONS)).some(running);

  const save = async (table: SourceTable): Promise<StreamRecord | undefined> => {
    const at =
      transaction === null
        ? positionText(receivedLsn, 0)
        : `${transaction.prefix}${ordinalText(transaction.ordinal + 1)}`;
    const saved = await host.saveStreamSchemas([streamSchema(table, host.piiRule)], at);
    const record = saved.find((each) => each.stream === table.stream);
    const version = record?.schema.version ?? 1;
    tables.set(table.oid, table);
    versions.set(table.stream, version);
    targets.set(table.oid, { stream: table.stream, version, skipped: skipped.has(table.stream) });
    return record;
  };

  return {
    get rows() {
      // Progress without rows (an empty table was read) has to be committed like rows.
      return batch.rows + progress.size;
    },
    get size() {
      return batch.size;
    },
    get receivedLsn() {
      return receivedLsn;
    },
    get inTransaction() {
      return transaction !== null;
    },
    needsDescription: (message) =>
      undescribed.size > 0 && changedRelations(message).some((oid) => undescribed.has(oid)),
    read(message) {
      if (message[0] !== KEEPALIVE) return decoder.decode(message, XLOG_HEADER_BYTES);
      const walEnd = message.readBigUInt64BE(1);
      // Inside a transaction the server's place is already behind rows that have not come yet.
      if (transaction === null && walEnd > receivedLsn) receivedLsn = walEnd;
    },
    async describe(message) {
      for (const oid of changedRelations(message)) {
        const relation = undescribed.get(oid);
        if (relation === undefined) continue;
        undescribed.delete(oid);
        // The table may be made by this very transaction.
        await untilVisible(options.catalog, received);
        const table = await describeRelation(options.catalog, options.publication, relation);
        const record = await save(table);
        decoder.setKey(table.oid, table.key);
        // The source's rule for new tables holds it back.
        if (record?.state === "paused" && !skipped.has(table.stream)) options.heldBack(table);
        if (record?.state !== "waiting") continue;
        if (options.everyTable) await host.setStreamState(table.stream, "streaming");
        else options.unread(table);
      }
    },
    skip(streams) {
      skipped = streams;
      for (const [oid, target] of targets) targets.set(oid, { ...target, skipped: skipped.has(target.stream) });
    },
    adopt: async (table) => (await save(table))?.schema.version ?? 1,
    insert({ stream, version, lsn, keys, payloads, gone, sweepBefore, sweepRange, progress: noted }) {
      if (transaction !== null) throw new PlatformError("internal", "rows were read into the middle of a transaction");
      const at = BigInt(host.clock.now().getTime()) * 1000n;
      const position = positionText(lsn, 0);
      for (const [index, payload] of payloads.entries())
        batch.add(stream, "r", keys[index] ?? null, payload, null, at, position, version);
      for (const key of gone) batch.add(stream, "d", key, null, null, at, position, version);
      if (sweepBefore !== null) batch.add(stream, "t", sweepRange, null, null, at, sweepBefore, version);
      if (noted !== null) progress.set(stream, noted);
      if (lsn > receivedLsn) receivedLsn = lsn;
    },
    received,
    take() {
      const taken = batch;
      batch = envelopeBatch();
      const noted = [...progress.values()];
      progress = new Map();
      // In the middle of a transaction the stored place is the last row taken; the server keeps the whole transaction.
      const position =
        transaction === null
          ? positionText(receivedLsn, 0)
          : positionText(transaction.lsn, Math.max(transaction.ordinal, 0));
      return {
        batch: taken,
        position: position < options.position ? options.position : position,
        confirmLsn: receivedLsn,
        progress: noted,
      };
    },
  };
}

/** Relations that a replication message changes rows of (PostgreSQL manual, "Logical Replication Message Formats"). */
function changedRelations(message: Buffer): number[] {
  if (message[0] === KEEPALIVE) return [];
  switch (message[XLOG_HEADER_BYTES]) {
    case 0x49: // Insert
    case 0x55: // Update
    case 0x44: // Delete
      return [message.readUInt32BE(XLOG_HEADER_BYTES + 1)];
    case 0x54: // Truncate
      return Array.from({ length: message.readInt32BE(XLOG_HEADER_BYTES + 1) }, (_, index) =>
        message.readUInt32BE(XLOG_HEADER_BYTES + 6 + index * 4),
      );
    default:
      return [];
  }
}
