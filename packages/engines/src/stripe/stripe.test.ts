import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Stripe from "stripe";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryQuarantine } from "@nova/pipeline-core/connectors/testing";
import { memoryCaptureHost, type MemoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { openSpool, type Spool } from "../spool/index.ts";
import { stripeConnector } from "./stripe-connector.ts";
import { stripeRow } from "./stripe-event.ts";
import { stripeWebhook } from "./stripe-webhook.ts";
import { startTestStripe, type TestStripe } from "./testing.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const clock = { now: () => new Date(NOW) };
const seconds = NOW / 1000;
let dir: string;
let spool: Spool;
let host: MemoryCaptureHost;

const openTheSpool = async (): Promise<void> => {
  spool = await openSpool({ dir, after: 0, maxBytes: 1e6, segmentBytes: 1e6, gatherMillis: 1, clock });
};
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nova-stripe-"));
  await openTheSpool();
  host = memoryCaptureHost("stripe", { clock, ids: { next: () => "id" } });
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const event = (
  id: string,
  type = "charge.succeeded",
  created = seconds - 60,
  object: { object: string; id: string; email?: string } = { object: "charge", id: "ch_1" },
) => ({ id, object: "event", type, created, data: { object } });

describe("a Stripe webhook", () => {
  const stripe = new Stripe("sk_test");
  const body = JSON.stringify(event("evt_1"), null, 2);
  const sign = (secret: string, timestamp = seconds): string =>
    stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp });
  const receive = async (text: string, signature: string | undefined) => {
    const quarantine = memoryQuarantine();
    const webhook = stripeWebhook({
      source: "stripe",
      spool,
      quarantine,
      clock,
      livemode: true,
      secrets: ["whsec_new", "whsec_old"],
      toleranceSeconds: 300,
    });
    const error = await webhook.accept(Buffer.from(text), signature).then(
      () => null,
      (thrown: unknown) => thrown,
    );
    const [segment] = await spool.seal();
    return {
      error,
      quarantined: quarantine.items.map((item) => `${item.reason}: ${item.detail}`),
      stored: segment?.batchIds ?? [],
    };
  };

  test.each([
    ["the new secret", "whsec_new"],
    ["the one that is being rotated out", "whsec_old"],
  ])("signed with %s is on disk when it is answered", async (_name, secret) => {
    expect(await receive(body, sign(secret))).toEqual({ error: null, quarantined: [], stored: ["evt_1"] });
  });

  test.each([
    ["signed by someone else", body, () => sign("whsec_wrong"), "bad-signature: the signature does not fit the body"],
    [
      "changed on its way",
      body.replace("charge", "refund"),
      () => sign("whsec_new"),
      "bad-signature: the signature does not fit the body",
    ],
    [
      "replayed after the tolerance",
      body,
      () => sign("whsec_new", seconds - 301),
      "bad-signature: the signature is older than the tolerance",
    ],
    ["without a signature", body, () => undefined, "bad-signature: the Stripe-Signature header is missing"],
    ["with a signature that is none", body, () => "nonsense", "bad-signature: the signature does not fit the body"],
  ])("%s is refused and quarantined", async (_name, text, signature, reason) => {
    expect(await receive(text, signature())).toMatchObject({
      error: { kind: "payload-rejected" },
      quarantined: [reason],
      stored: [],
    });
  });

  const signed = (value: unknown) => {
    const payload = JSON.stringify(value);
    return receive(
      payload,
      stripe.webhooks.generateTestHeaderString({ payload, secret: "whsec_new", timestamp: seconds }),
    );
  };

  test.each([
    ["no event at all", { hello: 1 }, "malformed: not a Stripe event: id"],
    [
      "a thin event of the second API",
      { id: "evt_2", object: "v2.core.event", type: "v2.billing.meter.x", created: "2026-11-23T09:00:00Z" },
      "malformed: not a Stripe event: created",
    ],
    [
      "an event of the other mode",
      { ...event("evt_t"), livemode: false },
      "malformed: an event of test mode came to a platform that is set up with a live key",
    ],
  ])("well signed and yet %s is kept in quarantine and not sent again", async (_name, value, detail) => {
    const { error, quarantined, stored } = await signed(value);
    expect({ error, stored }).toEqual({ error: null, stored: [] });
    expect(quarantined).toEqual([expect.stringContaining(detail)]);
  });

  test("of another API version is taken, with fields that nobody knew before", async () => {
    const future = {
      ...event("evt_f"),
      livemode: true,
      api_version: "2031-01-01.zephyr",
      brand_new: { deep: [1, { more: null }] },
      data: { object: { object: "quantum_charge", id: "qc_1", shape: "unheard of" }, previous_attributes: { a: 1 } },
    };
    expect(await signed(future)).toEqual({ error: null, quarantined: [], stored: ["evt_f"] });
    const [segment] = await spool.seal();
    expect(JSON.parse(await readFile(segment?.file ?? "", "utf8"))).toEqual(future);
  });
});

describe("the row of an event", () => {
  test("has the object's stream and key, and the whole event as payload", () => {
    expect(
      stripeRow(
        event("evt_9", "customer.created", 1_700_000_000, { object: "customer", id: "cus_1", email: "a@b.example" }),
      ),
    ).toEqual({
      stream: "customer",
      op: "c",
      key: '{"id":"cus_1"}',
      payload: JSON.stringify(
        event("evt_9", "customer.created", 1_700_000_000, { object: "customer", id: "cus_1", email: "a@b.example" }),
      ),
      sourceMicros: 1_700_000_000_000_000n,
      position: "001700000000.10.evt_9",
    });
    expect(stripeRow(event("evt_9", "customer.deleted"))).toMatchObject({ op: "d", payload: null });
  });

  test("sorts by the object's life when events share their second and arrive in any order", () => {
    const life = [
      "payment_intent.created",
      "payment_intent.requires_action",
      "payment_intent.processing",
      "payment_intent.succeeded",
    ];
    const positions = life.toReversed().map((type, index) => stripeRow(event(`evt_${index}`, type)).position);
    expect(positions.toSorted()).toEqual(positions.toReversed());
  });
});

describe("the Stripe connector", () => {
  let api: TestStripe<ReturnType<typeof event>>;

  beforeEach(async () => {
    api = await startTestStripe();
  });
  afterEach(() => api.close());

  const run = async (done: () => boolean, livemode: boolean | null = false): Promise<void> => {
    const stopper = new AbortController();
    const connector = stripeConnector({
      source: "stripe",
      apiKey: "sk_test",
      livemode,
      apiBase: api.url,
      spool,
      schemas: [],
      commitEveryMillis: 1,
      gapCheckEveryMillis: 0,
    });
    const running = connector.run(host, stopper.signal);
    running.catch(() => stopper.abort());
    while (!done() && !stopper.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    stopper.abort();
    await running;
  };
  const ids = (): string[] =>
    host.rows.payload.map((payload) => (JSON.parse(payload ?? "{}") as { id: string }).id).toSorted();
  const deliver = (each: ReturnType<typeof event>): Promise<void> =>
    spool.append({ batchId: each.id, rows: 1, render: () => Buffer.from(`${JSON.stringify(each)}\n`) });

  test("takes the history, then webhooks, and fills what no webhook brought; everything once", async () => {
    api.listed = Array.from({ length: 250 }, (_, index) =>
      event(`evt_${index}`, "charge.succeeded", seconds - 5000 + index),
    );
    await run(() => host.through() !== null);
    expect(ids()).toHaveLength(250);
    expect(api.requests.length).toBeGreaterThanOrEqual(3);
    const [live, missed] = [
      event("evt_live", "charge.captured", seconds - 5),
      event("evt_missed", "charge.refunded", seconds - 300),
    ];
    await deliver(live);
    await deliver(live);
    api.listed.push(live, missed);
    await run(() => ids().length >= 252);
    expect(ids()).toHaveLength(252);
    expect(new Set(ids()).size).toBe(252);
    expect(host.through()).toEqual(clock.now());
    expect(spool.waitingBytes).toBe(0);
  });

  test("a lost answer of a commit doubles nothing", async () => {
    await deliver(event("evt_a"));
    host.afterCommit = () => {
      throw new Error("lost");
    };
    await expect(run(() => false)).rejects.toMatchObject({ message: "lost" });
    host.afterCommit = () => undefined;
    await openTheSpool();
    await run(() => host.through() !== null);
    expect(ids()).toEqual(["evt_a"]);
  });

  test("an event of the list that nobody understands is kept once and holds up no other", async () => {
    const odd = { ...event("evt_odd"), data: { thin: true } } as unknown as ReturnType<typeof event>;
    const live = { ...event("evt_live"), livemode: true };
    const other = event("evt_2", "charge.succeeded", seconds - 60, { object: "charge", id: "ch_2" });
    api.listed = [event("evt_1"), odd, other, live];
    await run(() => host.through() !== null);
    await run(() => api.requests.length > 4);
    expect(ids()).toEqual(["evt_1", "evt_2"]);
    expect(host.quarantined.map((item) => [item.reason, item.detail])).toEqual([
      ["malformed", expect.stringContaining("data.object")],
      ["malformed", expect.stringContaining("live mode")],
    ]);
    expect(host.quarantined[0]?.payload).toBe(JSON.stringify(odd));
  });

  test("events that were refused are replayed once the rule is right: each is stored once, and counted", async () => {
    const live = (id: string) => {
      const object = { object: "charge", id: `ch_of_${id}` };
      return { ...event(id, "charge.succeeded", seconds - 60, object), livemode: true };
    };
    api.listed = [live("evt_listed"), event("evt_1")];
    await run(() => host.quarantined.length === 1);
    // Three that webhooks brought: one of them twice, one of which the beginning was kept.
    const item = { source: "stripe", stream: null, reason: "malformed", detail: "", receivedAt: clock.now() } as const;
    const bodies = [
      JSON.stringify(live("evt_a")),
      JSON.stringify(live("evt_a")),
      JSON.stringify(live("evt_b")),
      '{"id":"e',
    ];
    await host.quarantine.add(bodies.map((payload) => ({ ...item, payload })));
    expect(ids()).toEqual(["evt_1"]);

    api.listed = [];
    const replay = host.ask(null, "replay");
    await run(() => host.settled.has(replay), null);
    expect(host.settled.get(replay)).toEqual({
      state: "done",
      message: "5 refused events: 3 taken, 1 known by now, 1 refused again",
      kept: { again: [{ id: "000000000005", why: expect.stringContaining("no JSON") }], left: [] },
    });
    expect(ids()).toEqual(["evt_1", "evt_a", "evt_b", "evt_listed"]);

    // Listed once more, they are known.
    api.listed = [live("evt_listed"), live("evt_b"), event("evt_1")];
    const asked = api.requests.length;
    await run(() => api.requests.length > asked + 1, null);
    expect(ids()).toHaveLength(4);
  });

  test("an event that came before is not stored again, however long ago within the ledger's time", async () => {
    await deliver(event("evt_old", "charge.succeeded", seconds - 29 * 86_400));
    await run(() => host.rows.payload.length === 1 && host.through() !== null);
    api.listed = [event("evt_old", "charge.succeeded", seconds - 29 * 86_400)];
    await deliver(event("evt_old", "charge.succeeded", seconds - 29 * 86_400));
    await run(() => spool.waitingBytes === 0 && host.batches.length > 3);
    expect(ids()).toEqual(["evt_old"]);
  });

  test("two events of an object within one second, in any order: the object's state at Stripe is what counts", async () => {
    const at = (id: string, created: number) =>
      event(id, "customer.updated", created, { object: "customer", id: "cus_1" });
    const state = { object: "customer", id: "cus_1", email: "as.it.is@example.com" };
    api.objects.set("cus_1", state);
    await deliver(at("evt_z", seconds - 60));
    api.listed = [at("evt_z", seconds - 60), at("evt_a", seconds - 60)];
    await run(() => host.rows.op.includes("r"));
    const newest = host.rows.position.toSorted().at(-1) ?? "";
    const row = host.rows.position.indexOf(newest);
    expect(JSON.parse(host.rows.payload[row] ?? "")).toMatchObject({ type: "customer.read", data: { object: state } });
    // Whatever happens later wins over what was read.
    expect(stripeRow(at("evt_0", seconds - 59)).position > newest).toBe(true);
    expect(stripeRow(event("evt_0", "customer.deleted", seconds - 60)).position > newest).toBe(true);
    const reads = (): number => api.requests.filter((url) => url.pathname === "/v1/customers/cus_1").length;
    expect(reads()).toBe(1);
    const asked = api.requests.length;
    await run(() => api.requests.length > asked + 3);
    // A restart lists them again, and settles them once more.
    expect(reads()).toBe(2);
  });

  test("a key that may list events and read no object takes both events of a second all the same", async () => {
    api.mayRead = false;
    const object = { object: "customer", id: "cus_1" };
    api.listed = ["evt_a", "evt_b"].map((id) => event(id, "customer.updated", seconds - 60, object));
    await run(() => host.through() !== null && api.requests.some((url) => url.pathname.startsWith("/v1/customers")));
    expect(ids()).toEqual(["evt_a", "evt_b"]);
  });

  test("looks again at ten minutes before the last check, not at everything", async () => {
    await run(() => host.through() !== null);
    api.requests = [];
    await run(() => api.requests.length > 0);
    expect(api.requests[0]?.searchParams.get("created[gte]")).toBe(String(seconds - 600));
  });

  test("goes on from the newest event it listed, and reads back by time once in ten minutes", async () => {
    api.listed = [event("evt_0", "charge.succeeded", seconds - 100)];
    const asked = (name: string): number => api.requests.filter((url) => url.searchParams.has(name)).length;
    await run(() => {
      if (api.requests.length > 0 && api.listed.length === 1)
        for (let index = 1; index <= 250; index += 1)
          api.listed.push(event(`evt_${index}`, "charge.captured", seconds - 90 + Math.floor(index / 10)));
      return host.rows.payload.length === 251 && asked("ending_before") >= 4;
    });
    expect(asked("created[gte]")).toBe(1);
    expect(new Set(ids()).size).toBe(251);
  });

  test("an event that is listed late, behind newer ones of its minute, is taken at the next look", async () => {
    api.listed = [event("evt_0", "charge.succeeded", seconds - 100), event("evt_1", "charge.captured", seconds - 10)];
    await run(() => {
      if (ids().length === 2 && api.listed.length === 2)
        api.listed.push(event("evt_late", "charge.refunded", seconds - 20));
      return ids().length === 3;
    });
    expect(ids()).toEqual(["evt_0", "evt_1", "evt_late"]);
    expect(api.requests.filter((url) => url.searchParams.has("created[gte]"))).toHaveLength(1);
  });

  test.each([
    [401, "source-auth"],
    [400, "source-misconfigured"],
    [429, "source-budget"],
    [500, "source-unreachable"],
  ])("an answer %s is told as %s", async (code, kind) => {
    api.status = code;
    await expect(run(() => false)).rejects.toMatchObject({ kind });
  });
});
