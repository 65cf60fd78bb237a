import {
  OPERATOR,
  type Person,
  type Principal,
  type QueryRequest,
  type QueryService,
} from "@nova/pipeline-core/access";
import { type Logger, PlatformError, uuidV7Source } from "@nova/pipeline-core/kernel";
import { type PoolState, poolStatesSchema } from "@nova/pipeline-core/orchestration";
import { memoryCommandStore } from "@nova/pipeline-core/orchestration/testing";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createMetrics } from "./metrics.ts";
import { registerQueryRoutes } from "./queries/routes.ts";
import { registerCommandRoutes } from "./commands/routes.ts";
import { registerReports } from "./reports.ts";
import { buildServer } from "./server.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const NOW = new Date("2026-11-23T09:00:00Z");
const TOKEN = "a-token-of-some-length";
const ANA = "01900000-0000-7000-8000-000000000001";
const person: Person = {
  id: ANA,
  email: "ana@novaretail.example",
  name: "Ana Lima",
  role: "analyst",
  title: "",
  timeZone: "UTC",
  demo: true,
};
const principal: Principal = { userId: ANA, role: "analyst", grants: [] };
const stripe = {
  id: "stripe",
  kind: "stripe",
  state: "retrying",
  since: NOW,
  rowsPerSecond: 0,
  lagSeconds: 3,
  lagBytes: null,
  lastEventAt: null,
  dataThrough: null,
  totalRows: 12,
  errors: 2,
  error: "source-unreachable: refused",
  breakers: [],
};

let seeds = 0;
const commandIds = uuidV7Source({ now: () => NOW }, { bytes: (length) => new Uint8Array(length).fill((seeds += 1)) });
let app: FastifyInstance;
let storeIsDown: boolean;
let started: QueryRequest[];

beforeEach(async () => {
  storeIsDown = false;
  started = [];
  const queries: QueryService = {
    async start(request) {
      started.push(request);
      return "01900000-0000-7000-8000-0000000000aa";
    },
    status: () => Promise.reject(new PlatformError("not-found", "query x is not known")),
    page: async (_id, userId, after) => ({ rows: [[userId, after]], next: null }),
    cancel: async () => undefined,
  };
  app = await buildServer({
    sources: async () => {
      if (storeIsDown) throw new Error("connect ECONNREFUSED");
      return [stripe];
    },
    figures: async () => ({
      sources: [
        {
          id: "stripe",
          state: "retrying",
          rows: 12,
          bytes: 3_400,
          errors: 2,
          lagSeconds: 3,
          retainedBytes: 2_048,
          slotState: "reserved",
          streamsFailed: 1,
          streamsPaused: 0,
        },
      ],
      runs: [],
      datasets: [{ name: "curated.orders", ageSeconds: 12, targetLagSeconds: 30 }],
    }),
    clock: { now: () => NOW },
    logger: silent,
    metrics: createMetrics(),
    internalToken: TOKEN,
    internal(scope) {
      registerQueryRoutes(scope, {
        queries,
        grants: { principal: async (id) => (id === ANA ? principal : null) },
        users: {
          findById: async (id) => (id === ANA ? person : null),
          findByEmail: async (email) => (email === person.email ? person : null),
        },
      });
      registerReports(scope, {
        status: async () => ({ at: NOW, sources: [], datasets: [], pauses: [] }),
        runs: async () => [],
        run: { one: async () => null, steps: async () => [], compared: async () => [], days: async () => [] },
        schedules: async () => [],
        partitions: async () => null,
        landing: async () => ({ spanSeconds: 86_400, targetLagSeconds: 600, points: [] }),
        cost: {
          groups: async (by, { from, to }) => [
            { name: `${by} ${from} ${to}`, scannedBytes: 1, billedBytes: 2_000_000_000_000, queries: 1 },
          ],
          month: async () => ({ billedBytes: 2_000_000_000_000, since: NOW }),
        },
        clock: { now: () => NOW },
      });
      registerCommandRoutes(scope, {
        commands: memoryCommandStore({ clock: { now: () => NOW }, ids: commandIds, lease: () => 1n }),
        explain: (dataset) => ({ dataset, state: "up-to-date", headline: "There is no new input.", conditions: [] }),
        pools: () => [HEAVY],
        gates: () => [],
        users: { findByEmail: async (email) => (email === person.email ? person : null) },
      });
    },
    intake: () => undefined,
  });
});
afterEach(() => app.close());

const HEAVY: PoolState = {
  kind: "pool",
  name: "heavy",
  description: "one at a time",
  size: 1,
  declared: 1,
  changed: null,
  datasets: ["curated.customers"],
  running: [{ dataset: "curated.customers", runId: "0190" }],
  waiting: [{ dataset: null, runId: null }],
};
const headers = { authorization: `Bearer ${TOKEN}` };
const post = (url: string, payload: object, extra: object = headers) =>
  app.inject({ method: "POST", url, payload, headers: { ...extra } });

describe("what scans cost", () => {
  test("is this month's without a range, with the word on its pace", async () => {
    const { statusCode, body } = await app.inject({ url: "/internal/cost?by=owner", headers });
    expect([statusCode, JSON.parse(body)]).toMatchObject([
      200,
      {
        by: "owner",
        month: { dollars: 10, verdict: "within" },
        rows: [{ name: "owner 2026-11-01 2026-11-23", dollars: 10 }],
      },
    ]);
  });

  test.each([
    ["by=person", "by: must be one of dataset, pipeline, owner, kind"],
    ["from=yesterday", "from: must be a day like 2026-11-23"],
    ["from=2026-11-02&to=2026-11-01", "to: must not be before the first day"],
  ])("refuses %s by name", async (query, message) => {
    const refused = await app.inject({ url: `/internal/cost?${query}`, headers });
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toMatchObject({ error: { message: expect.stringContaining(message) } });
  });
});

describe("commands", () => {
  const request = { kind: "run-dataset", target: "curated.orders", downstream: false };

  test("are on record once, whoever presses twice", async () => {
    const first = await post("/internal/commands", { request, key: "key-00001" });
    expect(first.statusCode).toBe(202);
    expect(first.json()).toMatchObject({ created: true, command: { state: "queued", requestedBy: "operator" } });
    const again = await post("/internal/commands", { request, key: "key-00001" });
    expect(again.json()).toMatchObject({ created: false, command: { id: first.json().command.id } });
    const found = await app.inject({ url: `/internal/commands/${first.json().command.id}`, headers });
    expect(found.json()).toMatchObject({ request, key: "key-00001" });
  });

  test("are refused to a person whose role does not have the right", async () => {
    const refused = await post("/internal/commands", { request, key: "key-00002", email: person.email });
    expect(refused.statusCode).toBe(403);
    expect(refused.json()).toMatchObject({
      error: { kind: "forbidden", message: expect.stringContaining("runs.run") },
    });
  });

  test.each([
    [{ request: { ...request, target: "orders" }, key: "key-00003" }, "request.target: must be <layer>.<name>"],
    [{ request, key: "short" }, "key: must have at least 8 characters"],
  ])("that do not hold name the field: %j", async (body, message) => {
    const refused = await post("/internal/commands", body);
    expect(refused.statusCode).toBe(400);
    expect(refused.json().error.message).toContain(message);
  });

  test("why a dataset is not running is told with its conditions", async () => {
    const why = await app.inject({ url: "/internal/why?dataset=curated.orders", headers });
    expect(why.json()).toMatchObject({ dataset: "curated.orders", state: "up-to-date" });
  });
});

test("days and landing times of a dataset are told, and that nobody has looked at its days", async () => {
  const of = (path: string) => app.inject({ url: `/internal/${path}?dataset=mart.daily_sales`, headers });
  expect((await of("partitions")).body).toBe("null");
  expect((await of("landing")).json()).toMatchObject({ targetLagSeconds: 600 });
  expect((await app.inject({ url: "/internal/partitions?dataset=sales", headers })).statusCode).toBe(400);
});

test("who has the places of the concurrency pools is told", async () => {
  const pools = await app.inject({ url: "/internal/pools", headers });
  expect(poolStatesSchema.parse(pools.json())).toEqual([HEAVY]);
  expect((await app.inject("/internal/pools")).statusCode).toBe(403);
});

describe("health", () => {
  test("is 200 with what each source is doing", async () => {
    const response = await app.inject("/health");
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({
      status: "ok",
      sources: [{ id: "stripe", state: "retrying", error: "source-unreachable: refused" }],
    });
  });

  test("is 503 when the metadata store does not answer, and says so", async () => {
    storeIsDown = true;
    const response = await app.inject("/health");
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({ error: { kind: "metadata-unreachable" } });
  });
});

test("metrics are in Prometheus' text format", async () => {
  const { body, headers: answered } = await app.inject("/metrics");
  expect(answered["content-type"]).toMatch(/^text\/plain/);
  for (const line of [
    'nova_source_rows{source="stripe"} 12',
    'nova_source_lag_seconds{source="stripe"} 3',
    'nova_dataset_age_seconds{dataset="curated.orders"} 12',
  ])
    expect(body.split("\n")).toContain(line);
  expect(body).toMatch(/nova_worker_process_resident_memory_bytes \d+/);
});

describe("the internal API", () => {
  test.each([
    [{}],
    [{ authorization: "Bearer wrong" }],
    [{ authorization: TOKEN }],
    [{ authorization: `Basic ${TOKEN}` }],
  ])("is closed to %j", async (wrong) => {
    for (const url of ["/internal/status", "/internal/runs", "/internal/queries/01900000-0000-7000-8000-0000000000aa"])
      expect((await app.inject({ url, headers: wrong })).statusCode).toBe(403);
    expect((await post("/internal/queries", { sql: "SELECT 1" }, wrong)).statusCode).toBe(403);
    expect(started).toEqual([]);
  });

  test("starts a query for a user with that user's own grants, whatever the caller says", async () => {
    const response = await post("/internal/queries", { sql: "SELECT 1", userId: ANA });
    expect(response.statusCode).toBe(202);
    expect(response.json()).toEqual({ queryId: "01900000-0000-7000-8000-0000000000aa", userId: ANA });
    expect(started).toEqual([{ sql: "SELECT 1", principal, actor: person.email }]);
    expect(
      (await post("/internal/queries", { sql: "SELECT 1", userId: ANA, principal: { grants: [{ dataset: "*" }] } }))
        .statusCode,
    ).toBe(400);
  });

  test("starts one for the operator when no user is named, and by e-mail", async () => {
    await post("/internal/queries", { sql: "SELECT 1" });
    await post("/internal/queries", { sql: "SELECT 1", email: person.email });
    expect(started.map((query) => query.principal)).toEqual([OPERATOR, principal]);
  });

  test.each([
    [{ userId: ANA }, /^sql: /],
    [{ sql: "", userId: ANA }, /^sql: must not be empty/],
    [{ sql: { toString: "SELECT 1" }, userId: ANA }, /^sql: must be the SQL text/],
    [{ sql: "SELECT 1", userId: "1; DROP" }, /^userId: must be a user's id/],
    [{ sql: "SELECT 1", limits: { rows: -1 } }, /^limits\.rows: must be positive/],
  ])("refuses %j and names the field", async (body, message) => {
    const response = await post("/internal/queries", body);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toMatchObject({
      error: { kind: "invalid-input", message: expect.stringMatching(message) },
    });
  });

  test("answers 404 for a user, a query or a route that is not there", async () => {
    expect(
      (await post("/internal/queries", { sql: "SELECT 1", userId: "01900000-0000-7000-8000-0000000000ff" })).statusCode,
    ).toBe(404);
    expect(
      (await app.inject({ url: `/internal/queries/01900000-0000-7000-8000-0000000000aa?userId=${ANA}`, headers }))
        .statusCode,
    ).toBe(404);
    expect((await app.inject("/nothing")).json()).toMatchObject({
      error: { kind: "not-found", message: "there is no GET /nothing" },
    });
  });

  test("gives pages, and takes a wrong page number for what it is", async () => {
    const url = "/internal/queries/01900000-0000-7000-8000-0000000000aa/pages";
    expect((await app.inject({ url: `${url}?userId=${ANA}&after=2`, headers })).json()).toEqual({
      rows: [[ANA, 2]],
      next: null,
    });
    expect((await app.inject({ url: `${url}?after=-1`, headers })).statusCode).toBe(400);
  });

  test("refuses bodies that are not JSON or far too large", async () => {
    const send = (payload: string) =>
      app.inject({
        method: "POST",
        url: "/internal/queries",
        payload,
        headers: { ...headers, "content-type": "application/json" },
      });
    expect((await send("{")).statusCode).toBe(400);
    expect((await send(JSON.stringify({ sql: "x".repeat(2_000_000) }))).json()).toMatchObject({
      error: { kind: "invalid-input" },
    });
  });
});
