import { hash32, person } from "../people.ts";
import { CASE_STATUSES, type ObjectName, OBJECT_NAMES, SEGMENTS, STAGES } from "./objects.ts";
import { contactPerson, type SObjectRecord, wholeSecond } from "./seed-records.ts";
import { recordNumber } from "./record-id.ts";
import type { RecordStore } from "./record-store.ts";

const SECOND = 1000;
/** Contacts and cases change most. */
const OBJECT_WEIGHTS: Readonly<Record<ObjectName, number>> = { Account: 1, Contact: 5, Opportunity: 2, Case: 4 };
const WEIGHTED = OBJECT_NAMES.flatMap((object) => Array.from({ length: OBJECT_WEIGHTS[object] }, () => object));

export interface LiveChanges {
  /** Makes one change at `at` (ms): an update, a new record, or a delete. */
  changeOne(at: number): void;
  /** Empties from the recycle bin what has lain there longer than `purgeAfterMs`. */
  emptyRecycleBin(at: number): void;
}

/** People at work in the org, by a deterministic sequence of choices. */
export function createLiveChanges(store: RecordStore, purgeAfterMs: number, seed: number): LiveChanges {
  let turn = 0;
  const binned: { object: ObjectName; id: string; purgeAt: number }[] = [];
  for (const object of OBJECT_NAMES) {
    for (const record of store.binned(object))
      binned.push({
        object,
        id: String(record.Id),
        purgeAt: Date.parse(String(record.SystemModstamp)) + purgeAfterMs,
      });
  }
  const roll = (salt: string, sides: number): number => hash32(turn, `${salt} ${seed}`) % sides;
  const pick = <T>(items: readonly T[], salt: string): T => items[roll(salt, items.length)] as T;

  function update(object: ObjectName, id: string, at: number): SObjectRecord {
    switch (object) {
      case "Account":
        return roll("account", 2) === 0
          ? { Rating: pick(["Hot", "Warm", "Cold", null], "rating") }
          : { NumberOfEmployees: 3 + roll("employees", 4_000) };
      case "Contact":
        return contactUpdate(id);
      case "Opportunity": {
        const stage = roll("stage", STAGES.length);
        return {
          StageName: STAGES[stage] as string,
          Probability: [10, 20, 60, 80, 100, 0][stage] as number,
          IsClosed: stage >= 4,
          IsWon: stage === 4,
        };
      }
      case "Case": {
        const status = pick(CASE_STATUSES, "status");
        return {
          Status: status,
          IsClosed: status === "Closed",
          ClosedDate: status === "Closed" ? wholeSecond(at) : null,
        };
      }
    }
  }

  function contactUpdate(id: string): SObjectRecord {
    switch (roll("contact", 5)) {
      case 0:
        return { Email: contactPerson(recordNumber(id)).who.email };
      case 1: {
        const { street, city, postalCode, country } = person(2_000_000 + roll("moved", 1_000_000));
        return { MailingStreet: street, MailingCity: city, MailingPostalCode: postalCode, MailingCountry: country };
      }
      case 2:
        return { HasOptedOutOfEmail: roll("opt out", 2) === 0 };
      case 3:
        return { Description: `Called back.\nLikes "${pick(["blue", "green", "red"], "colour")}", prefers e-mail.` };
      default:
        return { Marketing_Segment__c: pick(SEGMENTS, "segment") };
    }
  }

  return {
    changeOne(at) {
      turn += 1;
      const object = pick(WEIGHTED, "object");
      // One change in a hundred was a long transaction: it shows now, under a stamp of some seconds ago.
      // Readers that do not overlap their windows lose it.
      const stamped = roll("late", 100) === 0 ? at - (2 + roll("how late", 18)) * SECOND : at;
      const what = roll("what", 100);
      if (what < 22) {
        store.insert(object, {}, stamped);
        return;
      }
      const id = store.idAt(object, roll("which", Math.max(1, store.size(object))));
      if (id === undefined || store.get(object, id)?.IsDeleted !== false) return;
      if (what < 92) store.update(object, id, update(object, id, stamped), stamped);
      else if (what < 99) {
        store.remove(object, id, at);
        binned.push({ object, id, purgeAt: at + purgeAfterMs });
      } else store.purge(object, id, at);
    },
    emptyRecycleBin(at) {
      while ((binned[0]?.purgeAt ?? Number.POSITIVE_INFINITY) <= at) {
        const entry = binned.shift();
        if (entry !== undefined && store.get(entry.object, entry.id)?.IsDeleted === true)
          store.purge(entry.object, entry.id, at);
      }
    },
  };
}
