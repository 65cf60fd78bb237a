import type { Change, ChangeLog } from "./change-log.ts";
import { type ObjectName, OBJECT_NAMES, OBJECTS } from "./objects.ts";
import { recordId, recordNumber } from "./record-id.ts";
import { newRecord, type RecordCounts, seedRecord, type SObjectRecord, wholeSecond } from "./seed-records.ts";

/** A line of the delete log: what `getDeleted` answers from, also after the purge. */
export interface Deletion {
  readonly id: string;
  readonly deletedDate: string;
}

/** The org's records. Times are ms since the epoch; stored stamps are whole seconds, as Salesforce's are. */
export interface RecordStore {
  readonly seededAt: number;
  /** Every record still stored, soft-deleted ones too, in the order of creation. */
  all(object: ObjectName): Iterable<SObjectRecord>;
  get(object: ObjectName, id: string): SObjectRecord | undefined;
  /** The id at a position of 0 … `size` - 1; a cheap way to choose a record. */
  idAt(object: ObjectName, position: number): string | undefined;
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

interface Table {
  readonly rows: Map<string, SObjectRecord>;
  readonly ids: string[];
  readonly deletions: Deletion[];
  nextNumber: number;
}

function forgetId(table: Table, id: string): void {
  const position = table.ids.indexOf(id);
  const last = table.ids.pop();
  if (last !== undefined && position >= 0 && position < table.ids.length) table.ids[position] = last;
}

function play(table: Table, change: Change): void {
  const known = table.rows.get(change.id);
  table.nextNumber = Math.max(table.nextNumber, recordNumber(change.id) + 1);
  if (change.purged === true) {
    if (change.deletedAt !== undefined && known?.IsDeleted !== true)
      table.deletions.push({ id: change.id, deletedDate: change.deletedAt });
    if (table.rows.delete(change.id)) forgetId(table, change.id);
    return;
  }
  if (known === undefined) table.ids.push(change.id);
  const row: SObjectRecord = { ...known, ...change.fields };
  if (row.IsDeleted === true && known?.IsDeleted !== true)
    table.deletions.push({ id: change.id, deletedDate: String(row.SystemModstamp) });
  table.rows.set(change.id, row);
}

/** Builds the org: the seed, then what the log remembers. Every later change goes to the log before anyone can read it. */
export function createRecordStore(counts: RecordCounts, log: ChangeLog): RecordStore {
  const tables = Object.fromEntries(
    OBJECT_NAMES.map((object) => {
      const table: Table = { rows: new Map(), ids: [], deletions: [], nextNumber: counts[object] };
      for (let number = 0; number < counts[object]; number += 1) {
        const row = seedRecord(object, number, log.seededAt, counts);
        const id = String(row.Id);
        table.rows.set(id, row);
        table.ids.push(id);
      }
      return [object, table];
    }),
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
    all: (object) => tables[object].rows.values(),
    get: (object, id) => tables[object].rows.get(id),
    idAt: (object, position) => tables[object].ids[position],
    size: (object) => tables[object].ids.length,
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
      const row = tables[object].rows.get(id);
      const deletedAt = row?.IsDeleted === true ? String(row.SystemModstamp) : wholeSecond(at);
      apply({ object, id, at: wholeSecond(at), purged: true, deletedAt });
    },
  };
}
