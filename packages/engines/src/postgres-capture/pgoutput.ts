import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Op } from "@nova/pipeline-core/lakehouse";
import type { Lsn } from "./lsn.ts";
import { readRelation, type RelationMessage } from "./relation-message.ts";
import { columnPrefix, rowJsonWriter, type RowJsonWriter } from "./row-json.ts";

/**
 * What the decoder calls, in stream order. `change` is called once per envelope row: an update that moves a row to another
 * key comes as a delete of the old key and an update of the new one.
 */
export interface ChangeHandlers {
  /** `xid` is the transaction's number, 32 bits. */
  begin(commitLsn: Lsn, commitMicros: bigint, xid: number): void;
  /** `endLsn`: everything up to here was sent. */
  commit(endLsn: Lsn): void;
  /** The table's shape from here on. Returns the columns of its key, in order; empty when it has none. */
  relation(relation: RelationMessage): readonly string[];
  change(op: Op, relationOid: number, key: string | null, payload: string | null, unchanged: string | null): void;
}

interface DecodedRelation {
  readonly oid: number;
  readonly names: readonly string[];
  readonly prefixes: readonly Buffer[];
  readonly keyIndexes: readonly number[];
}

const NULL_VALUE = 0x6e;
const UNCHANGED = 0x75;
const TEXT_VALUE = 0x74;
/** Microseconds between 1970 and PostgreSQL's own epoch, 2000-01-01. */
const POSTGRES_EPOCH_MICROS = 946_684_800_000_000n;

/** One tuple as offsets into the message; reused for every row so that decoding makes no objects. */
interface Tuple {
  kinds: Uint8Array;
  starts: Int32Array;
  ends: Int32Array;
  count: number;
}

function emptyTuple(): Tuple {
  return { kinds: new Uint8Array(64), starts: new Int32Array(64), ends: new Int32Array(64), count: 0 };
}

export interface PgoutputDecoder {
  /** Decodes one message that starts at `offset`; handlers are called before it returns. */
  decode(message: Buffer, offset: number): void;
  /** Corrects the key of a relation that was described before, for the rows that follow. */
  setKey(relationOid: number, key: readonly string[]): void;
}

/**
 * Decodes pgoutput, protocol version 1 (PostgreSQL manual, "Logical Replication Message Formats"). Only committed
 * transactions arrive in this version; a stream abort that newer servers may send unasked means nothing here.
 */
export function pgoutputDecoder(handlers: ChangeHandlers): PgoutputDecoder {
  const relations = new Map<number, DecodedRelation>();
  const writer = rowJsonWriter();
  const oldTuple = emptyTuple();
  const newTuple = emptyTuple();

  const known = (oid: number): DecodedRelation => {
    const relation = relations.get(oid);
    if (relation === undefined)
      throw new PlatformError("payload-rejected", `a change of relation ${oid} came before its description`);
    return relation;
  };

  const insert = (message: Buffer, offset: number): void => {
    const relation = known(message.readUInt32BE(offset + 1));
    readTuple(message, offset + 6, newTuple);
    handlers.change(
      "c",
      relation.oid,
      keyJson(writer, relation, message, newTuple, null),
      payloadJson(writer, relation, message, newTuple, null),
      null,
    );
  };

  const update = (message: Buffer, offset: number): void => {
    const relation = known(message.readUInt32BE(offset + 1));
    const marker = message[offset + 5];
    // 'K': only identity columns of the old row; 'O': the whole old row; 'N': the identity did not change.
    const hasOld = marker !== 0x4e;
    const wholeOld = marker === 0x4f;
    const newAt = hasOld ? readTuple(message, offset + 6, oldTuple) + 1 : offset + 6;
    readTuple(message, newAt, newTuple);
    const old = hasOld ? oldTuple : null;
    const key = keyJson(writer, relation, message, newTuple, old);
    const payload = payloadJson(writer, relation, message, newTuple, wholeOld ? old : null);
    if (hasOld) {
      const oldKey =
        relation.keyIndexes.length > 0
          ? keyJson(writer, relation, message, oldTuple, null)
          : wholeOld
            ? payloadJson(writer, relation, message, oldTuple, null)
            : null;
      const movedKey = relation.keyIndexes.length > 0 ? oldKey !== key : oldKey !== payload;
      if (oldKey !== null && movedKey) handlers.change("d", relation.oid, oldKey, null, null);
    }
    handlers.change("u", relation.oid, key, payload, unchangedJson(relation, newTuple, wholeOld ? old : null));
  };

  const remove = (message: Buffer, offset: number): void => {
    const relation = known(message.readUInt32BE(offset + 1));
    readTuple(message, offset + 6, oldTuple);
    // A table without key under identity "full" is identified by its whole old row.
    const key =
      relation.keyIndexes.length > 0
        ? keyJson(writer, relation, message, oldTuple, null)
        : payloadJson(writer, relation, message, oldTuple, null);
    handlers.change("d", relation.oid, key, null, null);
  };

  const truncate = (message: Buffer, offset: number): void => {
    const count = message.readInt32BE(offset + 1);
    for (let index = 0; index < count; index += 1) {
      handlers.change("t", known(message.readUInt32BE(offset + 6 + index * 4)).oid, null, null, null);
    }
  };

  const describe = (message: Buffer, offset: number): void => {
    const relation = readRelation(message, offset);
    const key = handlers.relation(relation);
    const names = relation.columns.map((column) => column.name);
    relations.set(relation.oid, {
      oid: relation.oid,
      names,
      prefixes: names.map(columnPrefix),
      keyIndexes: keyIndexes(names, key),
    });
  };

  return {
    setKey(relationOid, key) {
      const relation = known(relationOid);
      relations.set(relationOid, { ...relation, keyIndexes: keyIndexes(relation.names, key) });
    },
    decode(message, offset) {
      const kind = message[offset] as number;
      switch (kind) {
        case 0x42: // Begin
          return handlers.begin(
            message.readBigUInt64BE(offset + 1),
            message.readBigInt64BE(offset + 9) + POSTGRES_EPOCH_MICROS,
            message.readUInt32BE(offset + 17),
          );
        case 0x43: // Commit
          return handlers.commit(message.readBigUInt64BE(offset + 10));
        case 0x52: // Relation
          return describe(message, offset);
        case 0x49: // Insert
          return insert(message, offset);
        case 0x55: // Update
          return update(message, offset);
        case 0x44: // Delete
          return remove(message, offset);
        case 0x54: // Truncate
          return truncate(message, offset);
        case 0x4f: // Origin
        case 0x59: // Type: names only; values come as text
        case 0x4d: // Message of pg_logical_emit_message
        case 0x41: // Stream abort, which PostgreSQL 18 may send to clients that never asked for streaming
          return;
        default:
          throw new PlatformError(
            "payload-rejected",
            `unexpected replication message '${String.fromCharCode(kind)}': only protocol version 1 was asked for`,
          );
      }
    },
  };
}

function keyIndexes(names: readonly string[], key: readonly string[]): number[] {
  return key.map((name) => names.indexOf(name)).filter((index) => index >= 0);
}

/** Fills `tuple` from the TupleData at `offset`; returns the offset behind it. */
function readTuple(message: Buffer, offset: number, tuple: Tuple): number {
  const count = message.readInt16BE(offset);
  if (count > tuple.kinds.length) {
    tuple.kinds = new Uint8Array(count);
    tuple.starts = new Int32Array(count);
    tuple.ends = new Int32Array(count);
  }
  tuple.count = count;
  let at = offset + 2;
  for (let index = 0; index < count; index += 1) {
    const kind = message[at] as number;
    tuple.kinds[index] = kind;
    at += 1;
    if (kind === TEXT_VALUE) {
      const length = message.readInt32BE(at);
      at += 4;
      tuple.starts[index] = at;
      at += length;
      tuple.ends[index] = at;
    } else if (kind !== NULL_VALUE && kind !== UNCHANGED) {
      throw new PlatformError(
        "payload-rejected",
        `unexpected value kind '${String.fromCharCode(kind)}': text values were asked for`,
      );
    }
  }
  return at;
}

/** Key values; one that is out of line and unchanged is taken from the old tuple, which then carries it. */
function keyJson(
  writer: RowJsonWriter,
  relation: DecodedRelation,
  message: Buffer,
  tuple: Tuple,
  old: Tuple | null,
): string | null {
  if (relation.keyIndexes.length === 0) return null;
  writer.begin();
  for (const index of relation.keyIndexes)
    writeValue(writer, relation.prefixes[index] as Buffer, message, tuple, old, index);
  return writer.finish();
}

function payloadJson(
  writer: RowJsonWriter,
  relation: DecodedRelation,
  message: Buffer,
  tuple: Tuple,
  old: Tuple | null,
): string {
  writer.begin();
  for (let index = 0; index < tuple.count; index += 1)
    writeValue(writer, relation.prefixes[index] as Buffer, message, tuple, old, index);
  return writer.finish();
}

/** A value that did not change and is not in the old tuple either is left out. */
function writeValue(
  writer: RowJsonWriter,
  prefix: Buffer,
  message: Buffer,
  tuple: Tuple,
  old: Tuple | null,
  index: number,
): void {
  const kind = tuple.kinds[index];
  if (kind === TEXT_VALUE) writer.text(prefix, message, tuple.starts[index] as number, tuple.ends[index] as number);
  else if (kind === NULL_VALUE) writer.null(prefix);
  else if (old !== null && old.kinds[index] === TEXT_VALUE)
    writer.text(prefix, message, old.starts[index] as number, old.ends[index] as number);
}

function unchangedJson(relation: DecodedRelation, tuple: Tuple, old: Tuple | null): string | null {
  let names: string[] | null = null;
  for (let index = 0; index < tuple.count; index += 1) {
    if (tuple.kinds[index] !== UNCHANGED || (old !== null && old.kinds[index] === TEXT_VALUE)) continue;
    (names ??= []).push(relation.names[index] as string);
  }
  return names === null ? null : JSON.stringify(names);
}
