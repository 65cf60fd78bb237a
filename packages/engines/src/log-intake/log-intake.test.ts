import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryDeliveryLedger, memoryQuarantine, memoryTransaction } from "@nova/pipeline-core/connectors/testing";
import { memoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { openSpool, type Spool } from "../spool/index.ts";
import { logConnector } from "./log-connector.ts";
import { encodeOtlpRequest, sampleOtlpRequest } from "./testing.ts";
import { type BatchOrigin, logIntake, type LogIntake } from "./log-intake.ts";
import { hashLogToken, type LogService, logServices } from "./log-service.ts";

const clock = { now: () => new Date("2026-11-23T09:00:00Z") };
const CART: LogService = { name: "cart", tokenHashes: [], bytesPerSecond: null, eventsPerSecond: null };
const from = (batchId: string | null, service = CART): BatchOrigin => ({ service, batchId });
let dir: string;
let spool: Spool;
let quarantine: ReturnType<typeof memoryQuarantine>;
let deliveries: ReturnType<typeof memoryDeliveryLedger>;
let intake: LogIntake;

const openIntake = async (after = 0): Promise<void> => {
  spool = await openSpool({ dir, after, maxBytes: 1_000_000, segmentBytes: 1_000_000, gatherMillis: 1, clock });
  intake = logIntake({ source: "app_logs", spool, quarantine, deliveries, clock });
};
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nova-logs-"));
  quarantine = memoryQuarantine();
  deliveries = memoryDeliveryLedger();
  await openIntake();
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const line = (message: string, more: object = {}): string =>
  JSON.stringify({
    ts: "2026-11-23T08:59:59.123Z",
    service: "cart",
    level: "INFO",
    message,
    attributes: { "http.route": "/cart" },
    trace_id: "t",
    span_id: "s",
    ...more,
  });

async function stored(): Promise<Record<string, unknown>[]> {
  const texts = await Promise.all((await spool.seal()).map((segment) => readFile(segment.file, "utf8")));
  return texts
    .join("")
    .split("\n")
    .filter((each) => each !== "")
    .map((each) => JSON.parse(each) as Record<string, unknown>);
}

describe("log batches", () => {
  test("lines become envelope lines on disk before the answer", async () => {
    expect(
      await intake.acceptLines(Buffer.from(`${line("one")}\n${line('two\u2028 "quoted"')}\n`), from("b1")),
    ).toEqual({
      accepted: 2,
      rejected: 0,
      duplicate: false,
      errors: [],
    });
    expect(await stored()).toEqual([
      {
        stream: "events",
        op: "c",
        key: null,
        payload: {
          ts: "2026-11-23T08:59:59.123Z",
          service: "cart",
          level: "info",
          message: "one",
          attributes: { "http.route": "/cart" },
          trace_id: "t",
          span_id: "s",
        },
        source_ts: "2026-11-23T08:59:59.123Z",
        position: "000000000001.00000000",
      },
      expect.objectContaining({
        payload: expect.objectContaining({ message: 'two\u2028 "quoted"' }),
        position: "000000000001.00000001",
      }),
    ]);
  });

  test("a JSON array is as good as lines", async () => {
    expect(await intake.acceptLines(Buffer.from(` [${line("one")},${line("two")}, 7]`), from(null))).toMatchObject({
      accepted: 2,
      rejected: 1,
    });
    expect(await stored()).toHaveLength(2);
  });

  test("bad lines go to quarantine with what is wrong, the others are taken", async () => {
    const body = [
      line("good"),
      "{not json",
      line("no time", { ts: "yesterday" }),
      line("no service", { service: undefined }),
      line("impossible", { ts: "2026-13-41T00:00:00Z" }),
    ].join("\n");
    const answer = await intake.acceptLines(Buffer.from(body), from("b1"));
    expect(answer).toMatchObject({ accepted: 1, rejected: 4 });
    expect(answer.errors.map((error) => error.line)).toEqual([2, 3, 4, 5]);
    expect(quarantine.items.map(({ reason, detail }) => `${reason} ${detail.split(":")[0]}`)).toEqual([
      "malformed line",
      "malformed ts",
      "malformed service",
      "malformed ts",
    ]);
    expect(quarantine.items[0]?.payload).toBe("{not json");
  });

  test("a batch that comes again is not stored again: at once, after its commit, and after a restart", async () => {
    const body = Buffer.from(line("once"));
    const both = await Promise.all([intake.acceptLines(body, from("b1")), intake.acceptLines(body, from("b1"))]);
    expect(both.filter((answer) => answer.duplicate)).toHaveLength(1);
    expect(await intake.acceptLines(body, from(null))).toMatchObject({ duplicate: false });
    expect(await intake.acceptLines(body, from(null))).toMatchObject({ duplicate: true });
    await openIntake();
    expect(await intake.acceptLines(body, from("b1"))).toMatchObject({ duplicate: true });
    await deliveries.claim(memoryTransaction, "app_logs", ["cart:committed before"], clock.now());
    expect(await intake.acceptLines(body, from("committed before"))).toMatchObject({ duplicate: true });
    expect(await stored()).toHaveLength(2);
  });

  test("a batch that could not be stored may come again", async () => {
    await openIntake();
    const full = await openSpool({
      dir: join(dir, "full"),
      after: 0,
      maxBytes: 0,
      segmentBytes: 10,
      gatherMillis: 1,
      clock,
    });
    const refusing = logIntake({ source: "app_logs", spool: full, quarantine, deliveries, clock });
    await expect(refusing.acceptLines(Buffer.from(line("x")), from("b1"))).rejects.toMatchObject({
      kind: "overloaded",
    });
    await expect(refusing.acceptLines(Buffer.from(line("x")), from("b1"))).rejects.toMatchObject({
      kind: "overloaded",
    });
  });
});

describe("batches that came before", () => {
  test("are known by what waits in the spool, however much does, and by the ledger once it is committed", async () => {
    for (let number = 0; number < 50; number += 1) await intake.acceptLines(Buffer.from(line("x")), from(`b${number}`));
    const again = async (): Promise<number> => {
      let duplicates = 0;
      for (let number = 0; number < 50; number += 1) {
        const { duplicate } = await intake.acceptLines(Buffer.from(line("x")), from(`b${number}`));
        duplicates += duplicate ? 1 : 0;
      }
      return duplicates;
    };
    expect(await again()).toBe(50);
    const [segment] = await spool.seal();
    await deliveries.claim(memoryTransaction, "app_logs", segment?.batchIds ?? [], clock.now());
    await spool.remove(segment?.number ?? 0);
    expect(await again()).toBe(50);
    expect(await stored()).toEqual([]);
  });

  test("of another service are other batches, though they have the same name or the same text", async () => {
    const body = Buffer.from(line("x"));
    const other = { ...CART, name: "checkout" };
    for (const batchId of ["1", null]) {
      expect(await intake.acceptLines(body, from(batchId))).toMatchObject({ duplicate: false });
      expect(await intake.acceptLines(body, from(batchId, other))).toMatchObject({ duplicate: false });
      expect(await intake.acceptLines(body, from(batchId, other))).toMatchObject({ duplicate: true });
    }
    expect(await stored()).toHaveLength(4);
  });

  test("are found in OTLP as well: by the exporter's id and by content", async () => {
    const body = encodeOtlpRequest(sampleOtlpRequest(0, 3));
    for (const batchId of ["1", null]) {
      expect(await intake.acceptOtlp(body, "protobuf", from(batchId))).toMatchObject({ duplicate: false, accepted: 3 });
      expect(await intake.acceptOtlp(body, "protobuf", from(batchId))).toMatchObject({ duplicate: true });
    }
  });
});

test("a batch whose storing fails is told to everyone who sent it, and may come again", async () => {
  let away = true;
  const flaky = {
    ...deliveries,
    unseen: async (source: "app_logs", ids: readonly string[]) => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (away) throw new Error("Connection terminated unexpectedly");
      return deliveries.unseen(source, ids);
    },
  } as typeof deliveries;
  const shaky = logIntake({ source: "app_logs", spool, quarantine, deliveries: flaky, clock });
  const send = () => shaky.acceptLines(Buffer.from(line("x")), from("b1"));
  // Also the process must live on: nobody waits for a promise that fails unseen.
  const both = await Promise.allSettled([send(), send()]);
  expect(both.map((each) => each.status)).toEqual(["rejected", "rejected"]);
  away = false;
  expect(await send()).toMatchObject({ duplicate: false, accepted: 1 });
});

describe("tokens", () => {
  test("are known by their hash alone, several a service while one is being rotated", () => {
    const rotating = { ...CART, tokenHashes: [hashLogToken("old"), hashLogToken("new")] };
    const identify = logServices([rotating, { ...CART, name: "checkout", tokenHashes: [hashLogToken("other")] }]);
    expect(["old", "new", "other", "", "nothing"].map((token) => identify(token)?.name)).toEqual([
      "cart",
      "cart",
      "checkout",
      undefined,
      undefined,
    ]);
  });
});

describe("records that would stop whoever reads the spool", () => {
  test.each([
    ["half a surrogate pair", line("MARK").replace("MARK", "a\\ud800b"), "a\uFFFDb"],
    ["text about escapes", line("MARK").replace("MARK", "a\\\\ud800b"), "a\\ud800b"],
    ["a NUL", line("MARK").replace("MARK", "a\\u0000b"), "a\u0000b"],
  ])("%s is kept as JSON that every reader takes", async (_name, body, message) => {
    expect(await intake.acceptLines(Buffer.from(body), from(null))).toMatchObject({ accepted: 1, rejected: 0 });
    const [kept] = await stored();
    expect(kept?.["payload"]).toMatchObject({ message });
  });

  test("a day that is none is refused, also those that Date takes for another", async () => {
    const days = ["2026-02-30", "2026-02-29", "2026-04-31", "2026-13-01", "2024-02-29"];
    const body = days.map((day) => line("x", { ts: `${day}T10:00:00Z` })).join("\n");
    expect(await intake.acceptLines(Buffer.from(body), from(null))).toMatchObject({ accepted: 1, rejected: 4 });
  });

  test("one that is too large or too deep is refused by its number, the others are taken", async () => {
    const deep = `{"ts":"2026-11-23T08:59:59Z","service":"cart","level":"info","message":"deep","attributes":${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}}`;
    const body = [line("one"), line("x".repeat(1024 ** 2)), deep, line("two")].join("\n");
    const answer = await intake.acceptLines(Buffer.from(body), from(null));
    expect(answer).toMatchObject({ accepted: 2, rejected: 2 });
    expect(answer.errors).toEqual([
      { line: 2, detail: expect.stringContaining("the most is 1048576") },
      { line: 3, detail: "attributes: nested too deep" },
    ]);
    expect(quarantine.items.map(({ reason, payload }) => [reason, payload.length <= 4000])).toEqual([
      ["too-large", true],
      ["malformed", true],
    ]);
    expect(await stored()).toHaveLength(2);
  });

  test("in OTLP they are the rejected part of a partial success, in both encodings", async () => {
    const request = structuredClone(sampleOtlpRequest(0, 3)) as ReturnType<typeof sampleOtlpRequest>;
    const [, second] = request.resourceLogs[0]?.scopeLogs[0]?.logRecords ?? [];
    Object.assign(second ?? {}, { body: { stringValue: "x".repeat(1024 ** 2) } });
    expect(await intake.acceptOtlp(encodeOtlpRequest(request), "protobuf", from(null))).toMatchObject({
      accepted: 2,
      rejected: 1,
    });
    const answer = await intake.acceptOtlp(Buffer.from(JSON.stringify(request)), "json", from(null));
    expect(answer).toMatchObject({ accepted: 2, rejected: 1 });
    expect(answer.errors[0]).toMatchObject({ line: 2, detail: expect.stringContaining("the most is") });
    expect(quarantine.items[0]).toMatchObject({ reason: "too-large", detail: expect.stringContaining("bytes") });
  });
});

describe("the log connector", () => {
  test("commits segments once, also when the answer of a commit is lost", async () => {
    const host = memoryCaptureHost("app_logs", { clock, ids: { next: () => "id" } });
    await intake.acceptLines(Buffer.from(line("one")), from("b1"));
    host.afterCommit = () => {
      throw new Error("the answer is lost");
    };
    const connector = logConnector({ source: "app_logs", spool, commitEveryMillis: 1, schemas: [] });
    await expect(connector.run(host, new AbortController().signal)).rejects.toThrow("the answer is lost");
    host.afterCommit = () => undefined;
    await intake.acceptLines(Buffer.from(line("two")), from("b2"));
    const stopper = new AbortController();
    const running = connector.run(host, stopper.signal);
    while (host.batches.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    stopper.abort();
    await running;
    expect(host.batches.map((batch) => batch.counts)).toEqual([
      [{ stream: "events", rows: 1, lastEventAt: clock.now() }],
      [{ stream: "events", rows: 1, lastEventAt: clock.now() }],
    ]);
    expect(new Set(host.spoolFiles).size).toBe(2);
    expect([...host.claimed]).toEqual(["cart:b1", "cart:b2"]);
    expect(host.through()).toEqual(clock.now());
    expect(spool.waitingBytes).toBe(0);
  });
});
