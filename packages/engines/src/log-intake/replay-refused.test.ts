import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { memoryDeliveryLedger } from "@nova/pipeline-core/connectors/testing";
import { type MemoryCaptureHost, memoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { openSpool, type Spool } from "../spool/index.ts";
import { logConnector } from "./log-connector.ts";
import { type LogIntake, logIntake } from "./log-intake.ts";
import type { LogService } from "./log-service.ts";
import { sampleOtlpRequest } from "./testing.ts";

const clock = { now: () => new Date("2026-11-23T09:00:00Z") };
const service: LogService = { name: "cart", tokenHashes: [], bytesPerSecond: null, eventsPerSecond: null };
const NO_ZONE = "2026-11-23T08:59:59";
let dir: string;
let spool: Spool;
let host: MemoryCaptureHost;
let intake: LogIntake;
let number = 0;

const start = async (after = 0): Promise<void> => {
  spool = await openSpool({ dir, after, maxBytes: 1_000_000, segmentBytes: 1_000_000, gatherMillis: 1, clock });
  intake = logIntake({ source: "app_logs", spool, quarantine: host.quarantine, deliveries: host.deliveries, clock });
};
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nova-replay-"));
  host = memoryCaptureHost("app_logs", { clock, ids: { next: () => `id${(number += 1)}` } });
  await host.saveStreamSchemas([{ stream: "events", columns: [], key: [], description: "" }]);
  await start();
});
afterEach(async () => {
  await spool.close();
  await rm(dir, { recursive: true, force: true });
});

const line = (message: string, ts = "2026-11-23T08:59:59Z"): string =>
  JSON.stringify({ ts, service: "cart", level: "info", message });
const send = (batchId: string, ...lines: string[]) =>
  intake.acceptLines(Buffer.from(lines.join("\n")), { service, batchId });

/** Runs the connector until `done`; returns the messages that are in raw. */
async function run(done: () => boolean): Promise<string[]> {
  const files = host.spoolFiles.length;
  const taken: string[] = [];
  host.beforeCommit = async ({ input }) => {
    if (input.from !== "spool") return;
    for (const file of input.files)
      for (const each of (await readFile(file, "utf8")).split("\n").filter((text) => text !== ""))
        taken.push((JSON.parse(each) as { payload: { message: string } }).payload.message);
  };
  const stopper = new AbortController();
  const running = logConnector({ source: "app_logs", spool, commitEveryMillis: 1, schemas: [] }).run(
    host,
    stopper.signal,
  );
  const deadline = Date.now() + 10_000;
  while (!done() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 2));
  stopper.abort();
  await running;
  expect(host.spoolFiles.length).toBeGreaterThanOrEqual(files);
  return taken;
}
const settled = async (id: string): Promise<{ message: string | undefined; taken: string[] }> => {
  const taken = await run(() => host.settled.has(id));
  return { message: host.settled.get(id)?.message, taken };
};
/** What a new version of the rules does: the records as they came are good ones now. */
const mendRules = (): void => {
  host.quarantined.forEach((item, index) => {
    host.quarantined[index] = { ...item, payload: item.payload.replaceAll(`${NO_ZONE}"`, `${NO_ZONE}Z"`) };
  });
};

test("refused records are taken once the rule is mended, each once, however often they are replayed", async () => {
  await send("b1", line("good"), line("late", NO_ZONE), "{not json", line("later", NO_ZONE));
  expect(await settled(host.ask("events", "replay"))).toEqual({
    message: "3 refused records: 0 taken, 0 known by now, 3 refused again",
    taken: ["good"],
  });
  mendRules();
  const replay = host.ask("events", "replay");
  expect(await settled(replay)).toEqual({
    message: "3 refused records: 2 taken, 0 known by now, 1 refused again",
    taken: ["late", "later"],
  });
  expect(host.settled.get(replay)?.kept).toEqual({
    again: [{ id: "000000000002", why: "line: not valid JSON" }],
    left: [],
  });
  expect(await settled(host.ask("events", "replay"))).toEqual({
    message: "3 refused records: 0 taken, 2 known by now, 1 refused again",
    taken: [],
  });
  expect([...host.claimed].toSorted()).toEqual(["#2 of cart:b1", "#4 of cart:b1", "cart:b1"]);
});

test("just what was refused in the same words is replayed, when asked so", async () => {
  await send("b1", line("late", NO_ZONE), "{not json");
  mendRules();
  const [{ detail: why } = { detail: "" }] = host.quarantined;
  expect(await settled(host.ask("events", "replay", { why }))).toEqual({
    message: "1 refused records: 1 taken, 0 known by now, 0 refused again",
    taken: ["late"],
  });
});

test("a worker that dies behind the spool or behind the commit takes nothing twice", async () => {
  await send("b1", line("late", NO_ZONE), line("later", NO_ZONE));
  mendRules();
  const replay = host.ask("events", "replay");
  const connector = logConnector({ source: "app_logs", spool, commitEveryMillis: 1, schemas: [] });
  const dying = async (when: "beforeCommit" | "afterCommit"): Promise<void> => {
    host[when] = ({ input }) => {
      if (input.from === "spool") throw new Error("kill -9");
    };
    await expect(connector.run(host, new AbortController().signal)).rejects.toThrow("kill -9");
    host[when] = () => undefined;
  };
  await dying("beforeCommit");
  // As at a start: the spool is what the disk has.
  await start();
  await dying("afterCommit");
  expect(await settled(replay)).toEqual({
    message: "2 refused records: 0 taken, 2 known by now, 0 refused again",
    taken: [],
  });
  expect(host.batches.flatMap(({ counts }) => counts.map(({ rows }) => rows))).toEqual([2]);
});

test("a batch of which nothing was taken is known when it comes again: its records are the replay's to take", async () => {
  await send("b1", line("late", NO_ZONE));
  expect(await send("b1", line("late"))).toMatchObject({ duplicate: true });
  expect(await run(() => host.claimed.size > 0)).toEqual([]);
  expect(await send("b1", line("late"))).toMatchObject({ duplicate: true });
  mendRules();
  expect((await settled(host.ask("events", "replay"))).taken).toEqual(["late"]);
});

test("records of a batch that was never acknowledged are left to their sender", async () => {
  const failing = { ...spool, append: () => Promise.reject(new Error("disk full")) };
  const shaky = logIntake({
    source: "app_logs",
    spool: failing,
    quarantine: host.quarantine,
    deliveries: memoryDeliveryLedger(),
    clock,
  });
  const body = Buffer.from(line("late", NO_ZONE));
  await expect(shaky.acceptLines(body, { service, batchId: "b1" })).rejects.toThrow("disk full");
  mendRules();
  const replay = host.ask("events", "replay");
  const outcome = await settled(replay);
  expect(outcome.message).toContain("0 taken, 0 known by now, 0 refused again, 1 left");
  expect(host.settled.get(replay)?.kept?.left).toEqual(["000000000001"]);
  expect(outcome.taken).toEqual([]);
});

test("a record of OTLP keeps what its resource and scope say, one without a service of its own its sender", async () => {
  const request = structuredClone(sampleOtlpRequest(0, 2)) as ReturnType<typeof sampleOtlpRequest>;
  Object.assign(request.resourceLogs[0]?.scopeLogs[0]?.logRecords[1] ?? {}, { severityNumber: "nine" });
  const origin = { service, batchId: "otlp" };
  expect(await intake.acceptOtlp(Buffer.from(JSON.stringify(request)), "json", origin)).toMatchObject({ rejected: 1 });
  await send("fluent", JSON.stringify({ date: NO_ZONE, log: "from fluent" }));
  host.quarantined.forEach((item, index) => {
    const payload = item.payload.replace('"nine"', "9").replace(`"${NO_ZONE}"`, "1763888399");
    host.quarantined[index] = { ...item, payload };
  });
  const replay = host.ask("events", "replay");
  const kept: Record<string, unknown>[] = [];
  const run = settled(replay);
  const read = host.beforeCommit;
  host.beforeCommit = async (batch) => {
    await read(batch);
    if (batch.input.from !== "spool") return;
    for (const file of batch.input.files)
      for (const each of (await readFile(file, "utf8")).split("\n").filter((text) => text !== ""))
        kept.push((JSON.parse(each) as { payload: Record<string, unknown> }).payload);
  };
  expect((await run).message).toBe("2 refused records: 2 taken, 0 known by now, 0 refused again");
  expect(kept.slice(-2)).toMatchObject([
    { service: "checkout", attributes: { "otel.scope.name": "novaretail-shop", "service.namespace": "novaretail" } },
    { service: "cart", message: "from fluent" },
  ]);
});

test("only the beginning of a large record is kept, which stays refused, and of many the first megabyte", async () => {
  const large = (letter: string): string => line(letter.repeat(70_000), NO_ZONE);
  await send("b1", large("a"), line("late", NO_ZONE));
  expect(host.quarantined[0]?.payload).toHaveLength(64 * 1024);
  mendRules();
  expect(await settled(host.ask("events", "replay"))).toEqual({
    message: "2 refused records: 1 taken, 0 known by now, 1 refused again",
    taken: ["late"],
  });
  await send("b2", ..."bcdefghijklmnopqrstu".split("").map(large));
  expect(host.quarantined.slice(2)).toHaveLength(16);
});
