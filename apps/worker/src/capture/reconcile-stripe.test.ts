import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSpool } from "@nova/engines/spool";
import { stripeConnector } from "@nova/engines/stripe";
import { startTestStripe, type TestEvent, type TestStripe } from "@nova/engines/stripe/testing";
import { SOURCES } from "@nova/novaretail";
import { memoryTransaction } from "@nova/pipeline-core/connectors/testing";
import { envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CapturedSource, captureSource, until } from "../testing/captured-source.ts";

const now = Math.floor(Date.now() / 1000);
let api: TestStripe<TestEvent>;
let captured: CapturedSource;
let dir: string;

const chargeOf = (index: number, refunded = 0) => ({
  object: "charge",
  id: `ch_${index}`,
  amount: 1_000 + index,
  amount_refunded: refunded,
  currency: "eur",
  status: "succeeded",
  paid: true,
  created: now - 7_200,
});
const eventOf = (index: number, type = "charge.succeeded", refunded = 0) => ({
  id: `evt_${type}_${index}`,
  object: "event",
  type,
  created: now - 7_200 + (type === "charge.succeeded" ? 0 : 5),
  livemode: false,
  data: { object: chargeOf(index, refunded) },
});

beforeAll(async () => {
  api = await startTestStripe();
  api.listed = Array.from({ length: 150 }, (_, index) => eventOf(index));
  for (let index = 0; index < 150; index += 1) api.objects.set(`ch_${index}`, chargeOf(index));
  // A refund: an older state must not count as the newest.
  api.listed.push(eventOf(3, "charge.refunded", 400));
  api.objects.set("ch_3", chargeOf(3, 400));
  dir = await mkdtemp(join(tmpdir(), "nova-stripe-compared-"));
  const clock = { now: () => new Date() };
  const connector = stripeConnector({
    source: "stripe",
    apiKey: "sk_test_1",
    livemode: false,
    apiBase: api.url,
    spool: await openSpool({ dir, after: 0, maxBytes: 1e6, segmentBytes: 1e6, gatherMillis: 1, clock }),
    schemas: (SOURCES.find(({ id }) => id === "stripe")?.declaredStreams ?? []).filter(
      ({ stream }) => stream === "charge",
    ),
    commitEveryMillis: 50,
    gapCheckEveryMillis: 50,
    deletesWithinMillis: 300,
  });
  captured = await captureSource(connector, 50);
  await until("the charges to be staged", async () => (await captured.rows("charge", "id")).length === 150);
}, 60_000);
afterAll(async () => {
  await captured.close();
  await api.close();
  await rm(dir, { recursive: true, force: true });
});

test("Stripe's objects are compared by the newest event of each: a wrong state, a deletion that never was and a lost event are found and repaired", async () => {
  expect((await captured.compare("charge", false)).outcome).toMatchObject({ state: "equal", datasetRows: 150 });

  const batch = envelopeBatch();
  const place = `${String(now - 7_200).padStart(12, "0")}.60.evt_zz`;
  const said = JSON.stringify(eventOf(5, "charge.succeeded", 999));
  batch.add("charge", "u", JSON.stringify({ id: "ch_5" }), said, null, 0n, place, 1);
  batch.add("charge", "d", JSON.stringify({ id: "ch_6" }), null, null, 0n, place, 1);
  await captured.say(batch);
  // An event that the ledger knows and that is nowhere.
  await captured.deliveries.claim(memoryTransaction, "stripe", ["evt_charge.succeeded_160"], new Date());
  api.objects.set("ch_160", chargeOf(160));
  api.listed.push(eventOf(160));
  await until("the broken rows to be staged", async () => {
    return (await captured.rows("charge", "id", "WHERE amount_refunded = 999 OR _deleted_at IS NOT NULL")).length === 2;
  });

  const broken = await captured.compare("charge", false);
  expect(broken.outcome).toMatchObject({ state: "different", differences: 3, sourceRows: 151 });
  const kinds = Object.fromEntries((broken.outcome?.keys ?? []).map(({ key, kind }) => [key["id"], kind]));
  expect(kinds).toEqual({ ch_5: "different", ch_6: "missing", ch_160: "missing" });

  const repaired = await captured.compare("charge", true);
  expect(repaired.outcome).toMatchObject({ state: "repaired", repaired: 3, differences: 0 });
  expect(await captured.rows("charge", "id, amount_refunded", "WHERE amount_refunded > 0")).toEqual([["ch_3", "400"]]);
  expect((await captured.compare("charge", false)).outcome).toMatchObject({ state: "equal", datasetRows: 151 });

  // A later event wins over what was repaired.
  api.listed.push({ ...eventOf(5, "charge.refunded", 50), created: now + 30 });
  await until("the later event", async () => {
    const [row] = await captured.rows("charge", "amount_refunded", "WHERE id = 'ch_5'");
    return row?.[0] === "50";
  });
  expect(await captured.ask("charge", "resync")).toContain("151 objects read again, 151 states told by events");
}, 90_000);

test("objects that no event of 30 days speaks of are judged too; those that capture was never told of are counted apart until a resync reads them", async () => {
  // From here on the list speaks of no more than the last three.
  api.listed = api.listed.slice(-3);
  for (const index of [400, 401]) api.objects.set(`ch_${index}`, chargeOf(index));
  // 20 changed and 21 was deleted while nobody listened.
  api.objects.set("ch_20", chargeOf(20, 77));
  api.objects.delete("ch_21");

  const found = (await captured.compare("charge", false)).outcome;
  expect(found).toMatchObject({ state: "different", differences: 2, sourceRows: 150, datasetRows: 151 });
  const kinds = Object.fromEntries((found?.keys ?? []).map(({ key, kind }) => [key["id"], kind]));
  expect(kinds).toEqual({ ch_20: "different", ch_21: "extra" });
  expect(found?.message).toContain("2 more that no event told of since capture began: a resync reads them");

  expect(await captured.ask("charge", "resync")).toBe(
    "152 objects read again, 3 states told by events of 30 days; what is no longer in the source is marked deleted",
  );
  const after = (await captured.compare("charge", false)).outcome;
  expect(after).toMatchObject({ state: "equal", sourceRows: 152, datasetRows: 152 });
  expect(after?.message).not.toContain("resync");
}, 60_000);
