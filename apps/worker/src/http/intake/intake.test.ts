import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { hashLogToken, logIntake, type LogService, logServices } from "@nova/engines/log-intake";
import { openSpool, type Spool } from "@nova/engines/spool";
import { stripeWebhook } from "@nova/engines/stripe";
import { memoryDeliveryLedger, memoryQuarantine } from "@nova/pipeline-core/connectors/testing";
import { fastify, type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Registry } from "prom-client";
import { intakeFigures, registerLogIntake, registerStripeWebhook } from "./index.ts";
import { MAX_BODY_BYTES, MAX_INFLATED_BYTES } from "./raw-body.ts";
import { silentLogger } from "../../testing/test-logger.ts";

const clock = { now: () => new Date("2026-11-23T09:00:00Z") };
let dir: string;
let app: FastifyInstance;
let spool: Spool;

const service = (name: string, token: string, eventsPerSecond: number | null): LogService => ({
  name,
  tokenHashes: [hashLogToken(token)],
  bytesPerSecond: null,
  eventsPerSecond,
});
let registry: Registry;

async function serve(maxBytes: number): Promise<void> {
  spool = await openSpool({ dir, after: 0, maxBytes, segmentBytes: 1e6, gatherMillis: 1, clock });
  const quarantine = memoryQuarantine();
  app = fastify({ logger: false });
  const logs = logIntake({ source: "app_logs", spool, quarantine, deliveries: memoryDeliveryLedger(), clock });
  await registerLogIntake(app, {
    logs,
    identify: logServices([service("cart", "secret-token", null), service("chatty", "chatty-token", 1)]),
    count: intakeFigures((registry = new Registry()), silentLogger),
    logger: silentLogger,
  });
  const stripe = stripeWebhook({
    source: "stripe",
    spool,
    quarantine,
    clock,
    livemode: null,
    secrets: ["whsec_x"],
    toleranceSeconds: 300,
  });
  await registerStripeWebhook(app, { stripe, logger: silentLogger });
}
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nova-intake-"));
  await serve(1e6);
});
afterEach(async () => {
  await app.close();
  await rm(dir, { recursive: true, force: true });
});

const line = JSON.stringify({ ts: "2026-11-23T08:59:59.123Z", service: "cart", level: "info", message: "hello" });
const post = (url: string, payload: string | Buffer, headers: Record<string, string> = {}) =>
  app.inject({
    method: "POST",
    url,
    payload,
    headers: { authorization: "Bearer secret-token", "content-type": "application/x-ndjson", ...headers },
  });
const otlp = JSON.stringify({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: "1", body: { stringValue: "x" } }] }] }],
});

describe("POST /intake/logs", () => {
  test("takes lines, plain and compressed, and says what it took", async () => {
    const plain = await post("/intake/logs", `${line}\nbroken`);
    expect([plain.statusCode, plain.json()]).toEqual([
      200,
      { accepted: 1, rejected: 1, duplicate: false, errors: [{ line: 2, detail: "line: not valid JSON" }] },
    ]);
    const zipped = await post("/intake/logs", gzipSync(line), { "content-encoding": "gzip", "x-batch-id": "b1" });
    expect([zipped.statusCode, zipped.json()]).toEqual([
      200,
      { accepted: 1, rejected: 0, duplicate: false, errors: [] },
    ]);
    expect((await post("/intake/logs", line, { "x-batch-id": "b1" })).json()).toMatchObject({ duplicate: true });
    expect((await spool.seal()).reduce((sum, segment) => sum + segment.rows, 0)).toBe(2);
  });

  test.each([
    ["without a token", { authorization: "" }, line, 401],
    ["with another token", { authorization: "Bearer other" }, line, 401],
    ["as msgpack", { "content-type": "application/msgpack" }, line, 415],
    ["in an unknown encoding", { "content-encoding": "br" }, line, 400],
    ["damaged", { "content-encoding": "gzip" }, "not gzip", 400],
    ["as a broken array", {}, "[1,", 400],
    ["under a name that would have to be cut", { "x-batch-id": "x".repeat(201) }, line, 400],
    ["larger than the limit", {}, Buffer.alloc(MAX_BODY_BYTES + 1, "x"), 413],
    ["growing beyond the limit", { "content-encoding": "gzip" }, gzipSync(Buffer.alloc(MAX_INFLATED_BYTES + 1)), 413],
  ])("refuses a batch %s", async (_name, headers, payload, status) => {
    expect((await post("/intake/logs", payload, headers as Record<string, string>)).statusCode).toBe(status);
    expect(await spool.seal()).toEqual([]);
  });

  test("asks to come back when the spool is full", async () => {
    await app.close();
    await serve(0);
    const answer = await post("/intake/logs", line);
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([429, "5"]);
    const logs = await post("/v1/logs", otlp, { "content-type": "application/json" });
    expect([logs.statusCode, logs.headers["retry-after"], logs.json()]).toEqual([
      429,
      "5",
      { code: 14, message: expect.stringContaining("full") },
    ]);
  });
});

describe("quotas", () => {
  const chatty = { authorization: "Bearer chatty-token" };

  test("hold one service back with a time to come back after, before its body is read, and count what was held back", async () => {
    expect((await post("/intake/logs", `${line}\n${line}\n${line}`, chatty)).statusCode).toBe(200);
    const held = await post("/intake/logs", "not even looked at", chatty);
    expect([held.statusCode, held.headers["retry-after"], held.json()]).toEqual([
      429,
      "2",
      { error: "chatty is over its quota of 1 events/s" },
    ]);
    const otlpHeld = await post("/v1/logs", otlp, { ...chatty, "content-type": "application/json" });
    expect([otlpHeld.statusCode, otlpHeld.json()]).toMatchObject([429, { code: 14 }]);
    expect((await post("/intake/logs", line)).statusCode).toBe(200);
    const figures = await registry.metrics();
    expect(figures).toContain('nova_intake_batches_total{service="chatty",outcome="quota"} 2');
    expect(figures).toContain('nova_intake_events_total{service="chatty",outcome="taken"} 3');
    expect(figures).toContain('nova_intake_events_total{service="cart",outcome="taken"} 1');
  });

  test("count strangers as well, without any of what they sent", async () => {
    await post("/intake/logs", line, { authorization: "Bearer guessed" });
    expect(await registry.metrics()).toContain('nova_intake_batches_total{service="unknown",outcome="unauthorized"} 1');
  });
});

describe("Fluent Bit", () => {
  // As `outputs: [{ name: http, format: json | json_lines, header: Authorization Bearer … }]` sends two records.
  const records = [
    { date: 1763888400.1, log: "one", kubernetes: { container_name: "cart" } },
    { date: 1763888400.2, log: "two", kubernetes: { container_name: "cart" } },
  ];
  test.each([
    ["json", "application/json", JSON.stringify(records)],
    ["json_lines", "application/x-ndjson", records.map((each) => `${JSON.stringify(each)}\n`).join("")],
    ["json_lines as JSON", "application/json", records.map((each) => `${JSON.stringify(each)}\n`).join("")],
  ])("works unmodified with format %s", async (_format, type, payload) => {
    const sent = await post("/intake/logs", gzipSync(payload), { "content-type": type, "content-encoding": "gzip" });
    expect([sent.statusCode, sent.json()]).toMatchObject([200, { accepted: 2, rejected: 0 }]);
    // It sends a chunk again when the answer was lost.
    const again = await post("/intake/logs", gzipSync(payload), { "content-type": type, "content-encoding": "gzip" });
    expect(again.json()).toMatchObject({ duplicate: true });
  });

  test("is told what to set when it sends msgpack", async () => {
    const sent = await post("/intake/logs", Buffer.from([0x92]), { "content-type": "application/msgpack" });
    expect([sent.statusCode, sent.json()]).toEqual([415, { error: expect.stringContaining("format json") }]);
  });
});

describe("POST /v1/logs", () => {
  test("tells of records that were refused as a partial success", async () => {
    const half = {
      resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: "1" }, { timeUnixNano: "never" }] }] }],
    };
    const answer = await post("/v1/logs", JSON.stringify(half), { "content-type": "application/json" });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { partialSuccess: { rejectedLogRecords: 1, errorMessage: expect.stringContaining("timeUnixNano") } },
    ]);
  });

  test("says in its own words that a body is too large", async () => {
    const answer = await post("/v1/logs", Buffer.alloc(MAX_BODY_BYTES + 1), { "content-type": "application/json" });
    expect([answer.statusCode, answer.json()]).toEqual([413, { code: 3, message: expect.stringContaining("larger") }]);
  });

  test("answers in the encoding of the request", async () => {
    const json = await post("/v1/logs", otlp, { "content-type": "application/json; charset=utf-8" });
    expect([json.statusCode, json.headers["content-type"], json.body]).toEqual([
      200,
      expect.stringContaining("application/json"),
      "{}",
    ]);
    const protobuf = await post("/v1/logs", Buffer.alloc(0), { "content-type": "application/x-protobuf" });
    expect([protobuf.statusCode, protobuf.headers["content-type"], protobuf.rawPayload.length]).toEqual([
      200,
      "application/x-protobuf",
      0,
    ]);
  });

  test("tells what is wrong as a status in that encoding", async () => {
    const bad = await post("/v1/logs", Buffer.from("no protobuf"), { "content-type": "application/x-protobuf" });
    expect([bad.statusCode, bad.rawPayload[1]]).toEqual([400, 3]);
    const stranger = await post("/v1/logs", otlp, { "content-type": "application/json", authorization: "Bearer no" });
    expect([stranger.statusCode, stranger.json()]).toEqual([
      401,
      { code: 16, message: "the bearer token is missing or wrong" },
    ]);
    expect((await post("/v1/logs", otlp, { "content-type": "text/plain" })).statusCode).toBe(415);
  });
});

describe("POST /webhooks/stripe", () => {
  test("checks the signature over the bytes as they came, and answers 200 once the event is on disk", async () => {
    const body = `{ "id":"evt_1",\n\t"type" : "charge.succeeded","created":1, "note":"\\u00e9 é 😀",\n "data":{"object":{"object":"charge","id":"ch_1"}} }\r\n`;
    const at = Math.floor(clock.now().getTime() / 1000);
    const proof = createHmac("sha256", "whsec_x").update(`${at}.${body}`).digest("hex");
    const answer = await post("/webhooks/stripe", body, {
      "content-type": "application/json",
      "stripe-signature": `t=${at},v1=${"0".repeat(64)},v1=${proof},v0=ignored`,
    });
    expect([answer.statusCode, answer.json()]).toEqual([200, { received: true }]);
    expect((await spool.seal()).flatMap((segment) => segment.batchIds)).toEqual(["evt_1"]);
  });

  test("answers 400 to what Stripe did not sign", async () => {
    const answer = await post("/webhooks/stripe", '{"id":"evt_1"}', {
      "content-type": "application/json",
      "stripe-signature": "t=1,v1=00",
    });
    expect(answer.statusCode).toBe(400);
    expect(await spool.seal()).toEqual([]);
  });
});
