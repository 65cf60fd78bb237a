/**
 * What taking in logs costs: CPU of this process a log event, in process and over HTTP against the real routes, for each kind
 * of body. Every answer is given after the batch is on disk. `npm run bench -- log-intake [batches] [events a batch]`.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashLogToken, logIntake, type LogIntake, logServices } from "@nova/engines/log-intake";
import { encodeOtlpRequest, sampleLines, sampleOtlpRequest } from "@nova/engines/log-intake/testing";
import { openSpool } from "@nova/engines/spool";
import { memoryDeliveryLedger, memoryQuarantine } from "@nova/pipeline-core/connectors/testing";
import type { Logger } from "@nova/pipeline-core/kernel";
import { fastify } from "fastify";
import { registerLogIntake } from "../src/http/intake/index.ts";

const TOKEN = "bench-token";
const IN_FLIGHT = 4;
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

interface Kind {
  readonly path: string;
  readonly type: string;
  body(start: number, count: number): Buffer;
  take(logs: LogIntake, body: Buffer): Promise<unknown>;
}
const ORIGIN = {
  service: { name: "bench", tokenHashes: [hashLogToken(TOKEN)], bytesPerSecond: null, eventsPerSecond: null },
  batchId: null,
};
const KINDS: Readonly<Record<string, Kind>> = {
  ndjson: {
    path: "/intake/logs",
    type: "application/x-ndjson",
    body: sampleLines,
    take: (logs, body) => logs.acceptLines(body, ORIGIN),
  },
  "otlp protobuf": {
    path: "/v1/logs",
    type: "application/x-protobuf",
    body: (start, count) => encodeOtlpRequest(sampleOtlpRequest(start, count)),
    take: (logs, body) => logs.acceptOtlp(body, "protobuf", ORIGIN),
  },
  "otlp json": {
    path: "/v1/logs",
    type: "application/json",
    body: (start, count) => Buffer.from(JSON.stringify(sampleOtlpRequest(start, count))),
    take: (logs, body) => logs.acceptOtlp(body, "json", ORIGIN),
  },
};

/** Calls `take` for every body, several at a time. */
async function drain(bodies: readonly Buffer[], take: (body: Buffer) => Promise<unknown>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let body = bodies[next++]; body !== undefined; body = bodies[next++]) await take(body);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
}

function bodiesOf(kind: string, from: number, batches: number, events: number): Buffer[] {
  return Array.from({ length: batches }, (_, batch) => (KINDS[kind] as Kind).body((from + batch) * events, events));
}

/** Runs in a process of its own: its CPU is not the intake's. */
async function send(base: string, kind: string, from: number, batches: number, events: number): Promise<void> {
  const { path, type } = KINDS[kind] as Kind;
  const headers = { authorization: `Bearer ${TOKEN}`, "content-type": type };
  const bodies = bodiesOf(kind, from, batches, events);
  process.stdout.write("ready\n");
  await once(process.stdin, "data");
  await drain(bodies, async (body) => {
    const response = await fetch(base + path, { method: "POST", body, headers });
    await response.arrayBuffer();
    if (response.status !== 200) throw new Error(`answered ${response.status}`);
  });
  process.exit(0);
}

async function overHttp(base: string, args: readonly (string | number)[], measured: () => void): Promise<void> {
  const child = spawn(process.execPath, [import.meta.filename, "--send", base, ...args.map(String)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  measured();
  child.stdin.write("go\n");
  const [code] = (await once(child, "exit")) as [number];
  if (code !== 0) throw new Error(`the sender ended with ${code}`);
}

/** CPU time so far: of the process, with disk writes and the collector's helpers, and of the thread that does all else. */
function cpuMicros(): { readonly all: number; readonly main: number } {
  const all = process.cpuUsage();
  const main = process.threadCpuUsage();
  return { all: all.user + all.system, main: main.user + main.system };
}

async function measure(batches: number, events: number): Promise<void> {
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
  await registerLogIntake(app, {
    logs,
    identify: logServices([ORIGIN.service]),
    count: () => undefined,
    logger: silent,
  });
  const base = await app.listen({ host: "127.0.0.1", port: 0 });
  const figures: object[] = [];
  let from = 0;
  for (const [kind, how] of Object.entries(KINDS)) {
    for (const via of ["process", "http"]) {
      const run = async (count: number): Promise<{ all: number; main: number }> => {
        const bodies = via === "process" ? bodiesOf(kind, from, count, events) : [];
        let began = cpuMicros();
        if (via === "process") await drain(bodies, (body) => how.take(logs, body));
        else await overHttp(base, [kind, from, count, events], () => (began = cpuMicros()));
        from += count;
        const { all, main } = cpuMicros();
        return { all: (all - began.all) / (count * events), main: (main - began.main) / (count * events) };
      };
      await run(batches); // warm
      const { all, main } = await run(batches);
      figures.push({
        kind,
        via,
        "CPU µs an event": Number(all.toFixed(2)),
        "of these on the main thread": Number(main.toFixed(2)),
        "events/s a core": Math.round(1e6 / all),
      });
    }
  }
  console.table(figures);
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  await app.close();
  await spool.close();
  await rm(dir, { recursive: true });
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "--send") await send(rest[0] ?? "", rest[1] ?? "", Number(rest[2]), Number(rest[3]), Number(rest[4]));
else await measure(Number(mode ?? 200), Number(rest[0] ?? 500));
