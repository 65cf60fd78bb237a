import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PEOPLE, person } from "../people.ts";
import { type Change, foldChanges, memoryChangeLog, openChangeLog } from "./change-log.ts";
import { createLiveChanges } from "./live-changes.ts";
import { OBJECT_NAMES } from "./objects.ts";
import { id18, recordId, recordNumber } from "./record-id.ts";
import { createRecordStore } from "./record-store.ts";
import { countsOf, DEMO_COUNTS } from "./seed-records.ts";

const NOON = Date.UTC(2026, 10, 23, 12);
const small = { Account: 30, Contact: 200, Opportunity: 30, Case: 60 };

test("ids carry the case check that Salesforce computes, and their number back", () => {
  expect(id18("001A0000006Vm9u")).toBe("001A0000006Vm9uIAC");
  expect(recordNumber(recordId("003", 123_456))).toBe(123_456);
  expect(id18("not an id")).toBeNull();
});

test("the demo org has its counts, and contacts are mostly people of the order database, none twice", () => {
  const store = createRecordStore(DEMO_COUNTS, memoryChangeLog(NOON));
  for (const object of OBJECT_NAMES) expect(store.size(object)).toBe(DEMO_COUNTS[object]);
  const contacts = [...store.all("Contact")];
  const known = contacts.filter((contact) => contact.Order_Customer_Id__c !== null);
  expect(known.length / contacts.length).toBeGreaterThan(0.55);
  expect(known.length / contacts.length).toBeLessThan(0.65);
  expect(new Set(known.map((contact) => contact.Order_Customer_Id__c)).size).toBe(known.length);
  for (const contact of known.slice(0, 200)) {
    const customerId = Number(contact.Order_Customer_Id__c);
    expect(customerId).toBeLessThanOrEqual(PEOPLE);
    expect(contact.LastName).toBe(person(customerId - 1).lastName);
  }
  expect(
    contacts.every(
      (contact) =>
        String(contact.SystemModstamp) >= String(contact.CreatedDate) &&
        Date.parse(String(contact.SystemModstamp)) <= NOON,
    ),
  ).toBe(true);
});

test("an org of millions is read in parts, with what changed and without what is gone, as of one moment", () => {
  const counts = countsOf(20_000_000);
  expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(20_000_000);
  const store = createRecordStore(counts, memoryChangeLog(NOON));
  const [updated, deleted, purged] = [1, 2, 3].map((more) => recordId("003", 9_000_000 + more));
  store.update("Contact", String(updated), { LastName: "Later" }, NOON);
  store.remove("Contact", String(deleted), NOON);
  store.purge("Contact", String(purged), NOON);
  const [live, all] = [store.asOfNow("Contact", false), store.asOfNow("Contact", true)];
  store.remove("Contact", String(updated), NOON);
  const ids = (records: readonly { readonly Id?: unknown }[]) => records.map((record) => record.Id);
  expect([live.count, all.count]).toEqual([counts.Contact - 2, counts.Contact - 1]);
  expect(ids(live.slice(9_000_000, 9_000_005))).toEqual([0, 1, 4].map((more) => recordId("003", 9_000_000 + more)));
  expect(ids(all.slice(9_000_001, 9_000_004))).toEqual([updated, deleted]);
  expect(live.slice(9_000_001, 9_000_002)[0]).toMatchObject({ LastName: "Later", IsDeleted: false });
  expect(live.slice(counts.Contact - 1, counts.Contact + 5)).toHaveLength(1);
});

test("the same seed time gives the same org", () => {
  const [a, b] = [0, 1].map(() => createRecordStore(small, memoryChangeLog(NOON)));
  for (const object of OBJECT_NAMES) expect([...(a?.all(object) ?? [])]).toEqual([...(b?.all(object) ?? [])]);
});

test("live changes create, update, delete and purge, and some carry a stamp of the past", () => {
  const changes: Change[] = [];
  const store = createRecordStore(small, { seededAt: NOON, past: [], append: (batch) => changes.push(...batch) });
  const live = createLiveChanges(store, 60_000, 1);
  for (let second = 1; second <= 2_000; second += 1) {
    live.changeOne(NOON + second * 1000);
    live.emptyRecycleBin(NOON + second * 1000);
  }
  const isNew = (change: Change): boolean => change.fields?.Id !== undefined;
  const isDelete = (change: Change): boolean => change.fields?.IsDeleted === true && !isNew(change);
  expect(changes.filter(isNew).length).toBeGreaterThan(300);
  expect(changes.filter(isDelete).length).toBeGreaterThan(50);
  expect(changes.filter((change) => change.purged === true).length).toBeGreaterThan(
    changes.filter(isDelete).length - 10,
  );
  expect(
    changes.filter((change) => !isNew(change) && !isDelete(change) && change.purged !== true).length,
  ).toBeGreaterThan(900);
  const stamps = changes.filter((change) => change.purged !== true).map((change) => Date.parse(change.at));
  expect(stamps.filter((at, index) => at < (stamps[index - 1] ?? 0)).length).toBeGreaterThan(5);
});

test("a folded log leads to the same org as the long one", () => {
  const past: Change[] = [];
  const original = createRecordStore(small, { seededAt: NOON, past: [], append: (batch) => past.push(...batch) });
  const live = createLiveChanges(original, 60_000, 2);
  for (let second = 1; second <= 1_000; second += 1) {
    live.changeOne(NOON + second * 1000);
    live.emptyRecycleBin(NOON + second * 1000);
  }
  const folded = createRecordStore(small, { seededAt: NOON, past: foldChanges(past), append: () => undefined });
  for (const object of OBJECT_NAMES) {
    const byId = (rows: Iterable<{ readonly Id?: unknown }>): unknown[] =>
      [...rows].toSorted((a, b) => (String(a.Id) < String(b.Id) ? -1 : 1));
    expect(byId(folded.all(object))).toEqual(byId(original.all(object)));
    const deletions = (store: typeof folded): string[] =>
      store
        .deletions(object)
        .map(({ id, deletedDate }) => `${id} ${deletedDate}`)
        .toSorted();
    expect(deletions(folded)).toEqual(deletions(original));
    expect(folded.insert(object, {}, NOON)).toBe(original.insert(object, {}, NOON));
  }
});

test("a change cut short by a kill is dropped, a broken line elsewhere is named", () => {
  const folder = mkdtempSync(join(tmpdir(), "salesforce-log-"));
  const path = join(folder, "changes.jsonl");
  try {
    const log = openChangeLog(folder, NOON);
    const change: Change = {
      object: "Case",
      id: recordId("500", 1),
      at: "2026-11-23T12:00:00.000Z",
      fields: { Status: "New" },
    };
    log.append([change, change]);
    const whole = readFileSync(path, "utf8");
    writeFileSync(path, `${whole}{"object":"Case","id":"50`);
    expect(openChangeLog(folder, NOON + 1)).toMatchObject({ seededAt: NOON, past: [change, change] });
    expect(readFileSync(path, "utf8")).toBe(whole);
    writeFileSync(path, whole.replace('"Case"', '"Casket"'));
    expect(() => openChangeLog(folder, NOON)).toThrow(/changes\.jsonl line 2: .*object/s);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
