import { salesforceConnector } from "@nova/engines/salesforce";
import { type OrgRecord, startTestOrg, type TestOrg } from "@nova/engines/salesforce/testing";
import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CapturedSource, captureSource, until } from "../testing/captured-source.ts";

const STREAM = "Thing";
const OLD = "2026-11-20T10:00:00.000Z";
let org: TestOrg;
let captured: CapturedSource;

const idOf = (index: number): string => `003${String(index).padStart(12, "0")}`;
const record = (index: number, more: Partial<OrgRecord> = {}): OrgRecord => ({
  Id: idOf(index),
  Name: index % 9 === 0 ? null : `Thing "${index}", 😀`,
  Amount: index % 7 === 0 ? null : index / 4,
  IsDeleted: false,
  SystemModstamp: OLD,
  ...more,
});

beforeAll(async () => {
  org = await startTestOrg();
  org.limit = 1e6;
  org.records = Array.from({ length: 500 }, (_, index) => record(index));
  const connector = salesforceConnector({
    source: "salesforce",
    loginUrl: org.url,
    credentials: { grant: "password", clientId: "c", clientSecret: "s", username: "u", password: "p" },
    objects: [STREAM],
    pollEveryMillis: 100,
    pageRecords: 100,
    deletesWithinMillis: 300,
  });
  captured = await captureSource(connector, 100);
  await until("the records to be staged", async () => (await captured.rows(STREAM, "id")).length === 500);
}, 60_000);
afterAll(async () => {
  await captured.close();
  await org.close();
});

/** Says what Salesforce never did: 5 has another name, 6 is deleted, 9999 is there. 7 was purged, and nothing tells of it. */
async function breakRows(): Promise<void> {
  const batch = envelopeBatch();
  for (const index of [5, 9_999]) {
    const row = { ...record(index), Amount: "1.25", IsDeleted: "false", Name: "never said" };
    batch.add(STREAM, "u", JSON.stringify({ Id: row.Id }), JSON.stringify(row), null, 0n, `${OLD}.${row.Id}.`, 1);
  }
  batch.add(STREAM, "d", JSON.stringify({ Id: idOf(6) }), null, null, 0n, `${OLD}.${idOf(6)}.`, 1);
  await captured.say(batch);
  org.records = org.records.filter(({ Id }) => Id !== idOf(7));
  await until("the broken rows to be staged", async () => {
    const found = await captured.rows(STREAM, "id", "WHERE name = 'never said' OR _deleted_at IS NOT NULL");
    return found.length === 3;
  });
}

test("Salesforce is compared record by record: what is missing, wrong, invented or purged is found and repaired", async () => {
  const first = await captured.compare(STREAM, false);
  expect(first.outcome).toMatchObject({ state: "equal", sourceRows: 500, datasetRows: 500, ranges: 5 });

  await breakRows();
  const broken = await captured.compare(STREAM, false);
  expect(broken.outcome).toMatchObject({ state: "different", differences: 4, sourceRows: 499 });
  const kinds = Object.fromEntries((broken.outcome?.keys ?? []).map(({ key, kind }) => [key["Id"], kind]));
  expect(kinds).toEqual({ [idOf(5)]: "different", [idOf(6)]: "missing", [idOf(7)]: "extra", [idOf(9_999)]: "extra" });

  org.calls.length = 0;
  const repaired = await captured.compare(STREAM, true);
  expect(repaired.outcome).toMatchObject({ state: "repaired", repaired: 4, differences: 0 });
  // Just those records were read again, not the object.
  expect(org.calls.filter((call) => call.includes("Id+IN") || call.includes("Id%20IN")).length).toBeGreaterThan(0);
  expect((await captured.compare(STREAM, false)).outcome).toMatchObject({ state: "equal", datasetRows: 499 });

  // A record that loading refuses, as Salesforce has it, stands in quarantine and is not lost.
  org.records[3] = record(3, { Amount: 1.234, SystemModstamp: new Date().toISOString() });
  await until("the record in quarantine", async () => captured.refused.length > 0);
  expect((await captured.compare(STREAM, true)).outcome).toMatchObject({
    state: "equal",
    differences: 0,
    quarantined: 1,
  });
  org.records[3] = record(3, { SystemModstamp: new Date().toISOString() });

  // A repaired record still takes every later change.
  org.records[5] = record(5, { Name: "later", SystemModstamp: new Date().toISOString() });
  await until("the later change", async () => {
    const [row] = await captured.rows(STREAM, "name", `WHERE id = '${idOf(5)}'`);
    return row?.[0] === "later";
  });
}, 90_000);

test("an object is read again as a whole while it is polled: wrong rows are mended, purged ones deleted", async () => {
  await breakAll();
  const message = await captured.ask(STREAM, "resync");
  expect(message).toBe("498 records read again; what is no longer in the source is marked deleted");
  await until("the records to be as in Salesforce", async () => {
    const wrong = await captured.rows(STREAM, "id", "WHERE name = 'broken' AND _deleted_at IS NULL");
    const live = await captured.rows(STREAM, "id", "WHERE _deleted_at IS NULL");
    return wrong.length === 0 && live.length === 498;
  });
  expect((await captured.compare(STREAM, false)).outcome).toMatchObject({ state: "equal", datasetRows: 498 });
  const [stream] = await captured.sources.streams("salesforce");
  expect(stream).toMatchObject({ state: "streaming", rowsRead: 498, rowsExpected: 498 });
}, 60_000);

/** Every record is wrong in the dataset, and one was purged from Salesforce without a word. */
async function breakAll(): Promise<void> {
  const batch = envelopeBatch();
  for (const { Id } of org.records)
    batch.add(
      STREAM,
      "u",
      JSON.stringify({ Id }),
      JSON.stringify({ Id, Name: "broken" }),
      null,
      0n,
      `${OLD}.${Id}.`,
      1,
    );
  await captured.say(batch);
  org.records = org.records.filter(({ Id }) => Id !== idOf(8));
  await until("the broken rows to be staged", async () => {
    return (await captured.rows(STREAM, "id", "WHERE name = 'broken'")).length > 400;
  });
}
