import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryDeliveryLedger, memoryQuarantine, memoryTransaction } from "@nova/pipeline-core/connectors/testing";
import { memoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { openSpool, type Spool } from "../spool/index.ts";
import { logConnector } from "./log-connector.ts";
import { logIntake, type LogIntake } from "./log-intake.ts";

const clock = { now: () => new Date("2026-11-23T09:00:00Z") };
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
    expect(await intake.acceptLines(Buffer.from(`${line("one")}\n${line('two\u2028 "quoted"')}\n`), "b1")).toEqual({
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
    expect(await intake.acceptLines(Buffer.from(` [${line("one")},${line("two")}, 7]`), null)).toMatchObject({
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
    const answer = await intake.acceptLines(Buffer.from(body), "b1");
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
    const both = await Promise.all([intake.acceptLines(body, "b1"), intake.acceptLines(body, "b1")]);
    expect(both.filter((answer) => answer.duplicate)).toHaveLength(1);
    expect(await intake.acceptLines(body, null)).toMatchObject({ duplicate: false });
    expect(await intake.acceptLines(body, null)).toMatchObject({ duplicate: true });
    await openIntake();
    expect(await intake.acceptLines(body, "b1")).toMatchObject({ duplicate: true });
    await deliveries.claim(memoryTransaction, "app_logs", ["committed before"], clock.now());
    expect(await intake.acceptLines(body, "committed before")).toMatchObject({ duplicate: true });
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
    await expect(refusing.acceptLines(Buffer.from(line("x")), "b1")).rejects.toMatchObject({ kind: "overloaded" });
    await expect(refusing.acceptLines(Buffer.from(line("x")), "b1")).rejects.toMatchObject({ kind: "overloaded" });
  });
});

describe("the log connector", () => {
  test("commits segments once, also when the answer of a commit is lost", async () => {
    const host = memoryCaptureHost("app_logs", { clock, ids: { next: () => "id" } });
    await intake.acceptLines(Buffer.from(line("one")), "b1");
    host.afterCommit = () => {
      throw new Error("the answer is lost");
    };
    const connector = logConnector({ source: "app_logs", spool, commitEveryMillis: 1, schemas: [] });
    await expect(connector.run(host, new AbortController().signal)).rejects.toThrow("the answer is lost");
    host.afterCommit = () => undefined;
    await intake.acceptLines(Buffer.from(line("two")), "b2");
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
    expect([...host.claimed]).toEqual(["b1", "b2"]);
    expect(host.through()).toEqual(clock.now());
    expect(spool.waitingBytes).toBe(0);
  });
});
