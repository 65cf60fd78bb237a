import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Logger } from "@nova/pipeline-core/kernel";
import { pipelineRunEvent } from "@nova/pipeline-core/lineage";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEmitter, type EventFate, type LineageEmitter } from "./emit-events.ts";

const NOW = new Date("2026-11-23T12:00:00Z");
const ORIGIN = { namespace: "novaretail", producer: "https://novaretail.example" };
const RUN = { runId: "019a0000-0000-7000-8000-000000000001", pipeline: "sales" };
const event = (at: Date = NOW) => pipelineRunEvent(ORIGIN, RUN, { state: "START", at });

let dir: string;
let server: Server;
let url: string;
let received: { path: string; authorization: string; body: unknown }[];
let answer: number;
let fates: Map<EventFate, number>;
let said: string[];
const logger: Logger = {
  debug: () => undefined,
  info: (message) => void said.push(message),
  warn: (message) => void said.push(message),
  error: (message) => void said.push(message),
  with: () => logger,
};

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nova-lineage-"));
  received = [];
  answer = 201;
  fates = new Map();
  said = [];
  server = createServer((request, response) => {
    let text = "";
    request.on("data", (chunk: Buffer) => void (text += chunk.toString()));
    request.on("end", () => {
      received.push({
        path: request.url ?? "",
        authorization: request.headers.authorization ?? "",
        body: JSON.parse(text) as unknown,
      });
      response.writeHead(answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/lineage`;
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  await rm(dir, { recursive: true });
});

function emitter(endpoint: string | null, folder = dir): LineageEmitter {
  return createEmitter({
    dir: folder,
    endpoint: endpoint === null ? null : { url: endpoint, apiKey: "k-1" },
    clock: { now: () => NOW },
    logger,
    count: (fate, events) => void fates.set(fate, (fates.get(fate) ?? 0) + events),
    jitter: () => 0.1,
  });
}

async function written(day: string): Promise<unknown[]> {
  const text = await readFile(join(dir, `${day}.ndjson`), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
}

describe("lineage events", () => {
  test("are lines of a file per day, in order; files of more than 30 days go", async () => {
    await writeFile(join(dir, "2026-10-01.ndjson"), "{}\n");
    await writeFile(join(dir, "notes.txt"), "stay");
    const events = emitter(null);
    const [first, second] = [event(), event(new Date("2026-11-24T00:00:01Z"))];
    events.emit(first);
    events.emit(first);
    events.emit(second);
    await events.stop();
    expect(await written("2026-11-23")).toEqual([first, first]);
    expect(await written("2026-11-24")).toEqual([second]);
    expect((await readdir(dir)).toSorted()).toEqual(["2026-11-23.ndjson", "2026-11-24.ndjson", "notes.txt"]);
    expect(fates).toEqual(new Map([["written", 3]]));
  });

  test("are posted as well, with the key", async () => {
    const events = emitter(url);
    events.emit(event());
    await expect.poll(() => fates.get("sent")).toBe(1);
    expect(received).toEqual([{ path: "/api/v1/lineage", authorization: "Bearer k-1", body: event() }]);
    await events.stop();
  });

  test("wait while the endpoint is in trouble, and are sent once it is well", async () => {
    answer = 503;
    const events = emitter(url);
    events.emit(event());
    await expect.poll(() => received.length).toBeGreaterThan(1);
    answer = 200;
    await expect.poll(() => fates.get("sent")).toBe(1);
    expect(said).toEqual([
      "the lineage endpoint does not take events; they wait",
      "the lineage endpoint takes events again",
    ]);
    await events.stop();
  });

  test("that the endpoint refuses are dropped, counted and logged", async () => {
    answer = 400;
    const events = emitter(url);
    events.emit(event());
    await expect.poll(() => fates.get("not-sent")).toBe(1);
    expect(said).toEqual(["lineage events are dropped"]);
    await events.stop();
  });

  test("beyond what may wait the oldest are dropped, and nobody waits", async () => {
    const nobody = "http://127.0.0.1:9/api/v1/lineage";
    const events = emitter(nobody);
    for (let one = 0; one < 2_500; one += 1) events.emit(event());
    // One is on its way.
    expect(fates.get("not-sent")).toBe(499);
    await events.stop();
    expect((fates.get("written") ?? 0) + (fates.get("not-written") ?? 0)).toBe(2_500);
    expect(fates.get("sent")).toBeUndefined();
    expect(fates.get("not-sent")).toBe(2_500);
  });

  test("never fail whoever emits, also when the folder cannot be made", async () => {
    await writeFile(join(dir, "file"), "");
    const events = emitter(null, join(dir, "file", "below"));
    events.emit(event());
    await events.stop();
    expect(fates.get("not-written")).toBe(1);
    expect(said).toEqual(["lineage events are dropped"]);
  });
});
