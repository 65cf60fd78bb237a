import type { Change, ChangeLog } from "./change-log.ts";
import { type ObjectName, OBJECT_NAMES, OBJECTS } from "./objects.ts";
import { recordId, recordNumber } from "./record-id.ts";
import { newRecord, type RecordCounts, seedRecord, type SObjectRecord, wholeSecond } from "./seed-records.ts";

/** A line of the delete log: what `getDeleted` answers from, also after the purge. */
export interface Deletion {
  readonly id: string;
  readonly deletedDate: string;
}

/** Records in the order of their numbers, as they stood at one moment. */
export interface RecordRange {
  /** Numbers reach from 0 to this; some of them may be gone. */
  readonly end: number;
  /** How many records there are. */
  readonly count: number;
  /** The records of these numbers. */
  slice(from: number, to: number): SObjectRecord[];
}

/** The org's records. Times are ms since the epoch; stored stamps are whole seconds, as Salesforce's are. */
export interface RecordStore {
  readonly seededAt: number;
  /** Every record still stored, soft-deleted ones too, in the order of creation. */
  all(object: ObjectName): Iterable<SObjectRecord>;
  /** As they are now: what changes later is not in it. `withDeleted`: also what lies in the recycle bin. */
  asOfNow(object: ObjectName, withDeleted: boolean): RecordRange;
  /** What lies in the recycle bin. */
  binned(object: ObjectName): Iterable<SObjectRecord>;
  get(object: ObjectName, id: string): SObjectRecord | undefined;
  /** The id at a position of 0 … `size` - 1, of a record that may be gone by now; a cheap way to choose one. */
  idAt(object: ObjectName, position: number): string | undefined;
  /** How many records were ever created. */
  size(object: ObjectName): number;
  /** Creates the object's next record, believable fields first, then the given ones. Returns its id. */
  insert(object: ObjectName, fields: SObjectRecord, at: number): string;
  update(object: ObjectName, id: string, fields: SObjectRecord, at: number): void;
  /** Into the recycle bin: `IsDeleted`, and only `queryAll` and `getDeleted` still show it. */
  remove(object: ObjectName, id: string, at: number): void;
  /** Out of the recycle bin: no query shows it any more. */
  purge(object: ObjectName, id: string, at: number): void;
  deletions(object: ObjectName): readonly Deletion[];
}

/** Seeded records up to this number of an object are all different and kept; those after them repeat their fields. */
const DISTINCT = 20_000;

interface Table {
  readonly object: ObjectName;
  /** How many records the org was set up with. Untouched ones are made when they are asked for: an org may have millions. */
  readonly seeded: number;
  readonly distinct: readonly SObjectRecord[];
  /** Records that were created or changed since. */
  readonly touched: Map<string, SObjectRecord>;
  readonly gone: Set<string>;
  readonly deletions: Deletion[];
  nextNumber: number;
}

function seedTable(object: ObjectName, seededAt: number, counts: RecordCounts): Table {
  const seeded = counts[object];
  const distinct = Array.from({ length: Math.min(seeded, DISTINCT) }, (_, number) =>
    seedRecord(object, number, seededAt, counts),
  );
  return { object, seeded, distinct, touched: new Map(), gone: new Set(), deletions: [], nextNumber: seeded };
}

function untouched({ object, seeded, distinct }: Table, number: number): SObjectRecord | undefined {
  const record = number < seeded ? distinct[number % DISTINCT] : undefined;
  return record === undefined || number < DISTINCT
    ? record
    : { ...record, Id: recordId(OBJECTS[object].keyPrefix, number) };
}

function find(table: Table, id: string, number = recordNumber(id)): SObjectRecord | undefined {
  const touched = table.touched.get(id);
  if (touched !== undefined || table.gone.has(id)) return touched;
  const record = untouched(table, number);
  return record?.Id === id ? record : undefined;
}

function rangeOf(table: Table, withDeleted: boolean): RecordRange {
  const now: Table = { ...table, touched: new Map(table.touched), gone: new Set(table.gone) };
  const hidden = withDeleted ? 0 : [...now.touched.values()].filter((record) => record.IsDeleted === true).length;
  return {
    end: now.nextNumber,
    count: now.nextNumber - now.gone.size - hidden,
    slice: (from, to) => [...between(now, from, to)].filter((record) => withDeleted || record.IsDeleted === false),
  };
}

function* between(table: Table, from: number, to: number): Generator<SObjectRecord> {
  const { keyPrefix } = OBJECTS[table.object];
  for (let number = from; number < Math.min(to, table.nextNumber); number += 1) {
    const record = find(table, recordId(keyPrefix, number), number);
    if (record !== undefined) yield record;
  }
}

function play(table: Table, change: Change): void {
  const known = find(table, change.id);
  table.nextNumber = Math.max(table.nextNumber, recordNumber(change.id) + 1);
  if (change.purged === true) {
    if (change.deletedAt !== undefined && known?.IsDeleted !== true)
      table.deletions.push({ id: change.id, deletedDate: change.deletedAt });
    table.touched.delete(change.id);
    table.gone.add(change.id);
    return;
  }
  const row: SObjectRecord = { ...known, ...change.fields };
  if (row.IsDeleted === true && known?.IsDeleted !== true)
    table.deletions.push({ id: change.id, deletedDate: String(row.SystemModstamp) });
  table.touched.set(change.id, row);
}

/** Builds the org: the seed, then what the log remembers. Every later change goes to the log before anyone can read it. */
export function createRecordStore(counts: RecordCounts, log: ChangeLog): RecordStore {
  const tables = Object.fromEntries(
    OBJECT_NAMES.map((object) => [object, seedTable(object, log.seededAt, counts)]),
  ) as Record<ObjectName, Table>;
  for (const change of log.past) play(tables[change.object], change);

  const apply = (change: Change): void => {
    log.append([change]);
    play(tables[change.object], change);
  };
  const touched = (at: number): SObjectRecord => ({
    LastModifiedDate: wholeSecond(at),
    SystemModstamp: wholeSecond(at),
  });
  return {
    seededAt: log.seededAt,
    all: (object) => between(tables[object], 0, Number.POSITIVE_INFINITY),
    asOfNow: (object, withDeleted) => rangeOf(tables[object], withDeleted),
    binned: (object) => [...tables[object].touched.values()].filter((record) => record.IsDeleted === true),
    get: (object, id) => find(tables[object], id),
    idAt: (object, position) =>
      position < tables[object].nextNumber ? recordId(OBJECTS[object].keyPrefix, position) : undefined,
    size: (object) => tables[object].nextNumber,
    deletions: (object) => tables[object].deletions,
    insert(object, fields, at) {
      const number = tables[object].nextNumber;
      const id = recordId(OBJECTS[object].keyPrefix, number);
      apply({
        object,
        id,
        at: wholeSecond(at),
        fields: { ...newRecord(object, number, at, counts), ...fields, Id: id },
      });
      return id;
    },
    update: (object, id, fields, at) =>
      apply({ object, id, at: wholeSecond(at), fields: { ...fields, ...touched(at) } }),
    remove: (object, id, at) => apply({ object, id, at: wholeSecond(at), fields: { IsDeleted: true, ...touched(at) } }),
    purge(object, id, at) {
      const row = find(tables[object], id);
      const deletedAt = row?.IsDeleted === true ? String(row.SystemModstamp) : wholeSecond(at);
      apply({ object, id, at: wholeSecond(at), purged: true, deletedAt });
    },
  };
}
