import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryCaptureHost, type MemoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { openSpool, type Spool } from "../spool/index.ts";
import { stripeConnector } from "./stripe-connector.ts";
import { startTestStripe, type TestStripe } from "./testing.ts";

const NOW = Date.parse("2026-11-23T09:00:00Z");
const clock = { now: () => new Date(NOW) };
const CHARGES = 4_500;
let dir: string;
let spool: Spool;
let host: MemoryCaptureHost;
let api: TestStripe;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nova-stripe-all-"));
  spool = await openSpool({ dir, after: 0, maxBytes: 1e6, segmentBytes: 1e6, gatherMillis: 1, clock });
  host = memoryCaptureHost("stripe", { clock, ids: { next: () => "request" } });
  await host.saveStreamSchemas([{ stream: "charge", columns: [], key: ["id"], description: "" }]);
  api = await startTestStripe();
  for (let index = 0; index < CHARGES; index += 1)
    api.objects.set(`ch_${index}`, { object: "charge", id: `ch_${index}` });
});
afterEach(async () => {
  await api.close();
  await spool.close();
  await rm(dir, { recursive: true, force: true });
});

const connect = () =>
  stripeConnector({
    source: "stripe",
    apiKey: "sk_test_1",
    livemode: null,
    apiBase: api.url,
    spool,
    schemas: [],
    commitEveryMillis: 1,
    gapCheckEveryMillis: 60_000,
  });
/** Runs until the commit of the `nth` batch of objects fails, before or after it is stored. */
async function die(when: "beforeCommit" | "afterCommit", nth: number): Promise<void> {
  let batches = 0;
  host[when] = ({ counts }) => {
    batches += counts.some(({ rows }) => rows > 0) ? 1 : 0;
    if (batches === nth) throw new Error("kill -9");
  };
  await expect(connect().run(host, new AbortController().signal)).rejects.toThrow("kill -9");
  host[when] = () => undefined;
}
async function finish(): Promise<string | undefined> {
  const stopper = new AbortController();
  const running = connect().run(host, stopper.signal);
  const deadline = Date.now() + 20_000;
  while (!host.settled.has("request") && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2));
  stopper.abort();
  await running;
  return host.settled.get("request")?.message;
}
/** Where each page of charges that was asked for begins. */
const places = (): (string | null)[] =>
  api.requests
    .filter(({ pathname }) => pathname === "/v1/charges")
    .map(({ searchParams }) => searchParams.get("starting_after"));
const state = async (): Promise<string | undefined> => (await host.streams())[0]?.state;

test.each(["beforeCommit", "afterCommit"] as const)(
  "a worker that dies in the middle goes on behind the last object that was stored: %s",
  async (when) => {
    host.ask("charge", "resync");
    await die(when, 2);
    expect(await state()).toBe("snapshotting");
    const stored = when === "beforeCommit" ? 2_000 : 4_000;
    expect(host.rows.key).toHaveLength(stored);
    const asked = places().length;
    const message =
      "4500 objects read again, 0 states told by events of 30 days; what is no longer in the source is marked deleted";
    expect(await finish()).toBe(message);
    expect(places()[asked]).toBe(`ch_${CHARGES - stored}`);
    expect(places().filter((place) => place === null)).toHaveLength(1);
    const keys = host.rows.key.filter((key) => key !== null);
    expect([keys.length, new Set(keys).size]).toEqual([CHARGES, CHARGES]);
    // What is swept is what stands before the first object that was read, whenever that was.
    expect(host.rows.op.filter((op) => op === "t")).toHaveLength(1);
    expect(new Set(host.rows.position.slice(0, -1)).size).toBe(1);
    expect(await state()).toBe("streaming");
  },
);

test("a worker that dies before it says that all is read says so, and reads nothing again", async () => {
  host.ask("charge", "resync");
  const settle = host.settleRequest.bind(host);
  host.settleRequest = () => Promise.reject(new Error("kill -9"));
  await expect(connect().run(host, new AbortController().signal)).rejects.toThrow("kill -9");
  host.settleRequest = settle;
  const asked = places().length;
  expect(await finish()).toContain("4500 objects read again");
  expect(places()).toHaveLength(asked);
});

test("an object that is gone is no place to go on at: the list is read anew", async () => {
  host.ask("charge", "resync");
  await die("afterCommit", 1);
  api.objects.delete(`ch_${CHARGES - 2_000}`);
  expect(await finish()).toContain("4499 objects read again");
  expect(places().filter((place) => place === null)).toHaveLength(2);
});
