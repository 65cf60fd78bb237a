import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { burstingService } from "./error-burst.ts";
import { createRandom, nextEvent } from "./log-events.ts";
import { malformedLine, ndjsonLine } from "./ndjson-lines.ts";
import { createNdjsonSender } from "./ndjson-sender.ts";
import { SHOP_SERVICES } from "./shop-services.ts";
import { startAppLogs } from "./start-app-logs.ts";

interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

vi.setConfig({ testTimeout: 20_000 });

const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

/** A log intake that keeps what it gets and answers what `answer` says. */
async function intake(
  answer: (received: readonly Received[]) => { status: number; headers?: Record<string, string> },
): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body: Buffer.concat(parts) });
      const { status, headers } = answer(received);
      response.writeHead(status, headers).end();
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

const accept = (): { status: number } => ({ status: 200 });
const NOON = Date.UTC(2026, 10, 23, 12);

test("every service speaks by OTLP and by NDJSON, with its token and a batch id of its own", async () => {
  const { url, received } = await intake(accept);
  const logs = startAppLogs({
    intakeUrl: url,
    token: "secret-token",
    rate: { total: 800, otlp: 400 },
    log: () => undefined,
  });
  await expect
    .poll(
      () =>
        new Set(
          received
            .filter(({ path }) => path === "/v1/logs")
            .flatMap(({ body }) => SHOP_SERVICES.filter(({ name }) => body.includes(name))),
        ).size,
      { timeout: 50_000 },
    )
    .toBe(SHOP_SERVICES.length);
  await logs.close();
  const { otlp, ndjson } = logs.counts();
  expect(otlp).toMatchObject({ delivered: otlp.emitted, lost: 0 });
  expect(ndjson).toMatchObject({ delivered: ndjson.emitted, dropped: 0, refused: 0 });
  expect(received.every(({ headers }) => headers.authorization === "Bearer secret-token")).toBe(true);
  const batches = received.filter(({ path }) => path === "/intake/logs");
  expect(batches.every(({ headers }) => headers["content-type"] === "application/x-ndjson")).toBe(true);
  expect(new Set(batches.map(({ headers }) => headers["x-batch-id"])).size).toBe(batches.length);
  expect(
    received
      .filter(({ path }) => path === "/v1/logs")
      .every(({ headers }) => headers["content-type"] === "application/x-protobuf"),
  ).toBe(true);
  const lines = batches.flatMap(({ body }) => body.toString().trimEnd().split("\n"));
  expect(lines).toHaveLength(ndjson.emitted);
});

test("a line has the agreed shape", () => {
  const random = createRandom(7);
  const events = Array.from({ length: 5_000 }, (_, index) => nextEvent(random, NOON + index));
  const lines = events.map((event) => JSON.parse(ndjsonLine(event)));
  for (const line of lines) {
    expect(line).toMatchObject({
      ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      service: expect.any(String),
      level: expect.stringMatching(/^(debug|info|warn|error)$/),
      message: expect.any(String),
    });
    expect(line.trace_id).toMatch(/^[0-9a-f]{32}$/);
    expect(line.span_id).toMatch(/^[0-9a-f]{16}$/);
    expect(line.attributes).toMatchObject({
      "http.route": expect.any(String),
      "http.status_code": expect.any(Number),
      duration_ms: expect.any(Number),
      "k8s.pod.name": expect.any(String),
      "service.version": expect.any(String),
    });
  }
  expect(new Set(lines.map((line) => line.service)).size).toBe(SHOP_SERVICES.length);
  expect(lines.some((line) => line.attributes.customer_id > 0)).toBe(true);
  expect(lines.some((line) => line.attributes.order_id > 0)).toBe(true);
  expect(
    lines
      .filter((line) => line.level === "error")
      .every((line) => line.attributes["error.stack"].includes("\n    at ")),
  ).toBe(true);
  expect(lines.map((line) => Date.parse(line.ts))).toEqual(events.map((event) => event.at));
});

test("a malformed line is never a valid event", () => {
  const event = nextEvent(createRandom(3), NOON);
  const isEvent = (line: string): boolean => {
    try {
      const value = JSON.parse(line);
      return typeof value.service === "string" && !Number.isNaN(Date.parse(value.ts));
    } catch {
      return false;
    }
  };
  expect(isEvent(ndjsonLine(event))).toBe(true);
  expect([0, 1, 2, 3, 4].map((kind) => isEvent(malformedLine(event, kind)))).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});

test("one service fails for one minute of every quarter of an hour", () => {
  const minutes = Array.from({ length: 4 * 15 }, (_, minute) =>
    burstingService(NOON + minute * 60_000, SHOP_SERVICES.length),
  );
  for (let quarter = 0; quarter < 4; quarter += 1)
    expect(minutes.slice(quarter * 15, quarter * 15 + 15).filter((service) => service !== null)).toHaveLength(1);
  const minute = minutes.findIndex((service) => service !== null);
  const random = createRandom(5);
  const errorsAt = (at: number): number =>
    Array.from({ length: 4_000 }, () => nextEvent(random, at)).filter(
      (event) => event.service === minutes[minute] && event.level === "error",
    ).length;
  expect(errorsAt(NOON + minute * 60_000)).toBeGreaterThan(20 * (errorsAt(NOON + (minute + 1) * 60_000) + 1));
});

test("a batch the intake cannot take now is sent again with the same id, in order", async () => {
  const { url, received } = await intake((all) =>
    all.length === 1
      ? { status: 503 }
      : all.length === 2
        ? { status: 429, headers: { "retry-after": "0" } }
        : { status: 200 },
  );
  const sender = createNdjsonSender({ url, token: "t", idPrefix: "cart", maxQueuedBytes: 1000, log: () => undefined });
  sender.send('{"n":1}\n', 1);
  await expect.poll(() => sender.counts.delivered, { timeout: 10_000 }).toBe(1);
  expect(received.map(({ headers }) => headers["x-batch-id"])).toEqual(["cart-1", "cart-1", "cart-1"]);
  expect(sender.counts).toMatchObject({ retries: 2, dropped: 0 });
  await sender.close(100);
});

test("while nothing is reachable the oldest batches go first, counted and said", async () => {
  const said: string[] = [];
  const { url } = await intake(accept);
  const server = servers.pop();
  await new Promise((resolve) => server?.close(resolve));
  const sender = createNdjsonSender({
    url,
    token: "t",
    idPrefix: "web",
    maxQueuedBytes: 100,
    log: (line) => said.push(line),
  });
  for (let i = 0; i < 30; i += 1) sender.send("x".repeat(10), 1);
  await expect.poll(() => sender.counts.retries, { timeout: 10_000 }).toBeGreaterThan(0);
  await sender.close(0);
  expect(sender.counts).toMatchObject({ delivered: 0, dropped: 30 });
  expect(said.some((line) => line.startsWith("DROPPED"))).toBe(true);
});

test("a batch the intake will never take is given up at once", async () => {
  const { url, received } = await intake(() => ({ status: 401 }));
  const sender = createNdjsonSender({
    url,
    token: "wrong",
    idPrefix: "web",
    maxQueuedBytes: 1000,
    log: () => undefined,
  });
  sender.send("{}\n", 1);
  await expect.poll(() => sender.counts.refused, { timeout: 10_000 }).toBe(1);
  await sender.close(100);
  expect(received).toHaveLength(1);
});
