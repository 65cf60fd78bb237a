/**
 * How much of a core taking in logs costs: a sender in a process of its own posts NDJSON batches to the real routes, every
 * answer given after the batch is on disk. `npm run bench -- log-intake [events per second] [seconds] [ndjson|otlp]`.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logIntake } from "@nova/engines/log-intake";
import { openSpool } from "@nova/engines/spool";
import { memoryDeliveryLedger, memoryQuarantine } from "@nova/pipeline-core/connectors/testing";
import type { Logger } from "@nova/pipeline-core/kernel";
import { fastify } from "fastify";
import { registerLogIntake } from "../src/http/intake/index.ts";

const BATCH = 500;
const TOKEN = "bench-token";
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

interface Sent {
  readonly events: number;
  readonly seconds: number;
  readonly ackMillisP50: number;
  readonly ackMillisP99: number;
}

function ndjson(start: number): string {
  const lines: string[] = [];
  for (let index = 0; index < BATCH; index += 1) {
    lines.push(
      `{"ts":"${new Date().toISOString()}","service":"checkout","level":"info","message":"order ${start + index} placed by a customer in the web shop","attributes":{"http.route":"/orders/:id","http.status_code":201,"duration_ms":${index % 300},"k8s.pod.name":"checkout-7d9f8b6c5-x2x4z","service.version":"2026.11.3","customer_id":"${start % 30_000}"},"trace_id":"5b8efff798038103d269b633813fc60c","span_id":"eee19b7ec3c1b174"}`,
    );
  }
  return lines.join("\n");
}

function otlpJson(start: number): string {
  const attribute = (key: string, value: string): object => ({ key, value: { stringValue: value } });
  const logRecords = Array.from({ length: BATCH }, (_, index) => ({
    timeUnixNano: `${Date.now()}000000`,
    severityNumber: 9,
    body: { stringValue: `order ${start + index} placed by a customer in the web shop` },
    attributes: [
      attribute("http.route", "/orders/:id"),
      attribute("customer_id", String(start % 30_000)),
      attribute("service.version", "2026.11.3"),
    ],
    traceId: "5b8efff798038103d269b633813fc60c",
    spanId: "eee19b7ec3c1b174",
  }));
  return JSON.stringify({
    resourceLogs: [{ resource: { attributes: [attribute("service.name", "checkout")] }, scopeLogs: [{ logRecords }] }],
  });
}

async function send(base: string, perSecond: number, seconds: number, kind: string): Promise<void> {
  const acks: number[] = [];
  const waiting: Promise<void>[] = [];
  const began = performance.now();
  const [path, type] = kind === "otlp" ? ["/v1/logs", "application/json"] : ["/intake/logs", "application/x-ndjson"];
  for (let batch = 0; batch < (perSecond * seconds) / BATCH; batch += 1) {
    const due = began + (batch * BATCH * 1000) / perSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const body = kind === "otlp" ? otlpJson(batch * BATCH) : ndjson(batch * BATCH);
    const sentAt = performance.now();
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": type, "x-batch-id": `b${batch}` };
    const answer = fetch(base + path, { method: "POST", body, headers }).then(async (response) => {
      await response.arrayBuffer();
      if (response.status !== 200) throw new Error(`answered ${response.status}`);
      acks.push(performance.now() - sentAt);
    });
    waiting.push(answer);
  }
  await Promise.all(waiting);
  acks.sort((left, right) => left - right);
  const sent: Sent = {
    events: waiting.length * BATCH,
    seconds: (performance.now() - began) / 1000,
    ackMillisP50: acks[Math.floor(acks.length * 0.5)] ?? 0,
    ackMillisP99: acks[Math.floor(acks.length * 0.99)] ?? 0,
  };
  process.stdout.write(JSON.stringify(sent));
}

async function measure(perSecond: number, seconds: number, kind: string): Promise<void> {
  const clock = { now: () => new Date() };
  const dir = await mkdtemp(join(tmpdir(), "nova-bench-logs-"));
  const spool = await openSpool({
    dir,
    after: 0,
    maxBytes: 4 * 1024 ** 3,
    segmentBytes: 64 * 1024 ** 2,
    gatherMillis: 3,
    clock,
  });
  const logs = logIntake({
    source: "app_logs",
    spool,
    quarantine: memoryQuarantine(),
    deliveries: memoryDeliveryLedger(),
    clock,
  });
  const app = fastify({ logger: false });
  await registerLogIntake(app, { logs, token: TOKEN, logger: silent });
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  const before = process.cpuUsage();
  const child = spawn(
    process.execPath,
    [import.meta.filename, "--send", base, String(perSecond), String(seconds), kind],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`the sender ended with ${String(code)}`);
  const sent = JSON.parse(output) as Sent;
  const cpu = process.cpuUsage(before);
  const segments = await spool.seal();
  const result = {
    kind,
    eventsPerSecond: Math.round(sent.events / sent.seconds),
    events: sent.events,
    stored: segments.reduce((sum, segment) => sum + segment.rows, 0),
    bytesPerEvent: Math.round(segments.reduce((sum, segment) => sum + segment.bytes, 0) / sent.events),
    cpuMicrosPerEvent: Number(((cpu.user + cpu.system) / sent.events).toFixed(1)),
    cores: Number(((cpu.user + cpu.system) / 1e6 / sent.seconds).toFixed(2)),
    ackMillisP50: Math.round(sent.ackMillisP50),
    ackMillisP99: Math.round(sent.ackMillisP99),
    residentMiB: Math.round(process.memoryUsage().rss / 1024 ** 2),
  };
  const width = Math.max(...Object.keys(result).map((name) => name.length));
  for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(width)}  ${String(value)}\n`);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  await app.close();
  await spool.close();
  await rm(dir, { recursive: true });
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--send") await send(rest[0] ?? "", Number(rest[1]), Number(rest[2]), rest[3] ?? "ndjson");
else await measure(Number(mode ?? 20_000), Number(rest[0] ?? 10), rest[1] ?? "ndjson");
