import { createServer, type Server } from "node:http";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
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
  let api: Server;
  let listed: ReturnType<typeof event>[];
  let requests: URL[];
  let status: number;

  beforeEach(async () => {
    listed = [];
    requests = [];
    status = 200;
    // The event list as Stripe pages it: newest first, `starting_after` an id; or the page next to `ending_before`.
    api = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://stripe");
      requests.push(url);
      response.setHeader("content-type", "application/json");
      response.statusCode = status;
      if (status !== 200)
        return response.end(JSON.stringify({ error: { type: "invalid_request_error", message: "no" } }));
      const from = Number(url.searchParams.get("created[gte]") ?? 0);
      const limit = Number(url.searchParams.get("limit"));
      const all = listed.filter((each) => each.created >= from).toSorted((left, right) => right.created - left.created);
      const start = all.findIndex((each) => each.id === url.searchParams.get("starting_after")) + 1;
      const end = all.findIndex((each) => each.id === url.searchParams.get("ending_before"));
      response.end(
        JSON.stringify({
          object: "list",
          data: end < 0 ? all.slice(start, start + limit) : all.slice(Math.max(0, end - limit), end),
          has_more: end < 0 ? start + limit < all.length : end > limit,
          url: "/v1/events",
        }),
      );
    });
    await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  });
  afterEach(() => new Promise((resolve) => api.close(resolve)));

  const run = async (done: () => boolean): Promise<void> => {
    const stopper = new AbortController();
    const connector = stripeConnector({
      source: "stripe",
      apiKey: "sk_test",
      livemode: false,
      apiBase: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
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
    listed = Array.from({ length: 250 }, (_, index) =>
      event(`evt_${index}`, "charge.succeeded", seconds - 5000 + index),
    );
    await run(() => host.through() !== null);
    expect(ids()).toHaveLength(250);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    const [live, missed] = [
      event("evt_live", "charge.captured", seconds - 5),
      event("evt_missed", "charge.refunded", seconds - 300),
    ];
    await deliver(live);
    await deliver(live);
    listed.push(live, missed);
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
    listed = [event("evt_1"), odd, event("evt_2"), live];
    await run(() => host.through() !== null);
    await run(() => requests.length > 4);
    expect(ids()).toEqual(["evt_1", "evt_2"]);
    expect(host.quarantined.map((item) => [item.reason, item.detail])).toEqual([
      ["malformed", expect.stringContaining("data.object")],
      ["malformed", expect.stringContaining("live mode")],
    ]);
    expect(host.quarantined[0]?.payload).toBe(JSON.stringify(odd));
  });

  test("an event that came before is not stored again, however long ago within the ledger's time", async () => {
    await deliver(event("evt_old", "charge.succeeded", seconds - 29 * 86_400));
    await run(() => host.rows.payload.length === 1 && host.through() !== null);
    listed = [event("evt_old", "charge.succeeded", seconds - 29 * 86_400)];
    await deliver(event("evt_old", "charge.succeeded", seconds - 29 * 86_400));
    await run(() => spool.waitingBytes === 0 && host.batches.length > 3);
    expect(ids()).toEqual(["evt_old"]);
  });

  test("looks again at ten minutes before the last check, not at everything", async () => {
    await run(() => host.through() !== null);
    requests = [];
    await run(() => requests.length > 0);
    expect(requests[0]?.searchParams.get("created[gte]")).toBe(String(seconds - 600));
  });

  test("goes on from the newest event it listed, and reads back by time once in ten minutes", async () => {
    listed = [event("evt_0", "charge.succeeded", seconds - 100)];
    const asked = (name: string): number => requests.filter((url) => url.searchParams.has(name)).length;
    await run(() => {
      if (requests.length > 0 && listed.length === 1)
        for (let index = 1; index <= 250; index += 1)
          listed.push(event(`evt_${index}`, "charge.captured", seconds - 90 + Math.floor(index / 10)));
      return host.rows.payload.length === 251 && asked("ending_before") >= 4;
    });
    expect(asked("created[gte]")).toBe(1);
    expect(new Set(ids()).size).toBe(251);
  });

  test.each([
    [401, "source-auth"],
    [400, "source-misconfigured"],
    [429, "source-budget"],
    [500, "source-unreachable"],
  ])("an answer %s is told as %s", async (code, kind) => {
    status = code;
    await expect(run(() => false)).rejects.toMatchObject({ kind });
  });
});
