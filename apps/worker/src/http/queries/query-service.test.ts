import {
  OPERATOR,
  type Principal,
  type QueryOutcome,
  type QueryRecord,
  type QueryStore,
} from "@nova/pipeline-core/access";
import { type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import type { QueryEnd, QueryPlanned, QuerySandbox, QuerySink } from "@nova/engines/query-sandbox";
import { describe, expect, test } from "vitest";
import { createQueryService } from "./query-service.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const ana: Principal = { userId: "01900000-0000-7000-8000-000000000001", role: "analyst", grants: [] };
const SUCCEEDED: QueryEnd = { state: "succeeded", truncated: null };

interface Script {
  readonly plan?: QueryPlanned;
  readonly run?: (sink: QuerySink, cancelled: Promise<void>) => Promise<QueryEnd>;
}

/** A sandbox that does what the test says, and a record of what was written down in which order. */
function setUp(script: Script) {
  const written: (["start", QueryRecord] | ["run"] | ["finish", string, QueryOutcome])[] = [];
  const store: QueryStore = {
    start: async (query) => void written.push(["start", query]),
    finish: async (id, outcome) => void written.push(["finish", id, outcome]),
    closeAbandoned: async () => 0,
  };
  const sandbox: QuerySandbox = {
    async plan() {
      const cancelled = Promise.withResolvers<void>();
      return (
        script.plan ?? {
          scans: new Map(),
          datasets: ["curated.orders"],
          cancel: () => cancelled.resolve(),
          async run(_limits, sink) {
            written.push(["run"]);
            return script.run === undefined ? SUCCEEDED : script.run(sink, cancelled.promise);
          },
        }
      );
    },
    warmUp: () => undefined,
    close: async () => undefined,
  };
  let now = Date.parse("2026-11-23T09:00:00Z");
  let made = 0;
  const clock = { now: () => new Date((now += 1)) };
  const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(length).fill((made += 1)) });
  const ended: string[] = [];
  const service = createQueryService({
    sandbox,
    store,
    clock,
    ids,
    logger: silent,
    onEnded: (state) => void ended.push(state),
  });
  return { service, written, ended, forward: (millis: number) => (now += millis) };
}

const request = { sql: "SELECT 1", principal: ana, actor: "ana@novaretail.example" };

/** Reads pages until there are no more. */
async function readAll(service: ReturnType<typeof setUp>["service"], id: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (let page: number | null = 0; page !== null;) {
    const got: { rows: readonly unknown[]; next: number | null } = await service.page(id, ana.userId, page);
    rows.push(...got.rows);
    page = got.next;
  }
  return rows;
}

describe("a query", () => {
  test("is on record before it runs and after it ended", async () => {
    const { service, written, ended } = setUp({});
    const id = await service.start(request);
    await readAll(service, id);
    expect(written.map(([what]) => what)).toEqual(["start", "run", "finish"]);
    expect(written[0]).toEqual([
      "start",
      { id, userId: ana.userId, actor: request.actor, sql: "SELECT 1", datasets: ["curated.orders"] },
    ]);
    expect(ended).toEqual(["succeeded"]);
  });

  test("hands out its pages in order, each once asked for", async () => {
    const { service } = setUp({
      async run(sink) {
        sink.columns([{ name: "n", type: "INTEGER" }], []);
        sink.rows([[1], [2]], 10);
        await Promise.resolve();
        sink.rows([[3]], 5);
        return { state: "succeeded", truncated: "rows" };
      },
    });
    const id = await service.start(request);
    expect(await readAll(service, id)).toEqual([[1], [2], [3]]);
    expect(await service.page(id, ana.userId, 0)).toEqual({ rows: [[1], [2]], next: 1 });
    expect(await service.status(id, ana.userId)).toMatchObject({
      state: "succeeded",
      rows: 3,
      bytes: 15,
      truncated: "rows",
      columns: [{ name: "n", type: "INTEGER" }],
    });
  });

  test("that is refused is on record too, with the reason", async () => {
    const refused = {
      kind: "query-refused",
      message: "only a single SELECT may run here",
      remedy: "",
      at: null,
    } as const;
    const { service, written } = setUp({ plan: { refused } });
    const id = await service.start(request);
    expect(await readAll(service, id)).toEqual([]);
    expect(await service.status(id, ana.userId)).toMatchObject({ state: "failed", error: refused });
    expect(written.at(-1)).toMatchObject(["finish", id, { state: "failed", error: { kind: "query-refused" } }]);
  });

  test("ends as cancelled when it is cancelled while it runs", async () => {
    const { service, written } = setUp({ run: (_sink, cancelled) => cancelled.then(() => ({ state: "cancelled" })) });
    const id = await service.start(request);
    await service.cancel(id, ana.userId);
    await readAll(service, id);
    expect(await service.status(id, ana.userId)).toMatchObject({ state: "cancelled" });
    expect(written.at(-1)).toMatchObject(["finish", id, { state: "cancelled" }]);
  });

  test("is known to nobody but the one who started it", async () => {
    const { service } = setUp({});
    const id = await service.start(request);
    for (const ask of [
      service.status(id, OPERATOR.userId),
      service.page(id, OPERATOR.userId, 0),
      service.cancel(id, OPERATOR.userId),
    ])
      await expect(ask).rejects.toMatchObject({ kind: "not-found" });
  });

  test("of the operator is recorded without a user", async () => {
    const { service, written } = setUp({});
    await service.start({ ...request, principal: OPERATOR, actor: "operator" });
    await service.stop();
    expect(written[0]).toMatchObject(["start", { userId: null, actor: "operator" }]);
  });

  test("is forgotten some minutes after its end", async () => {
    const { service, forward } = setUp({});
    const id = await service.start(request);
    await readAll(service, id);
    forward(11 * 60_000);
    await readAll(service, await service.start(request));
    await expect(service.status(id, ana.userId)).rejects.toMatchObject({ kind: "not-found" });
  });
});

test("more queries than the service takes are turned away, and stopping ends those under way", async () => {
  const { service, ended } = setUp({ run: (_sink, cancelled) => cancelled.then(() => ({ state: "cancelled" })) });
  for (let index = 0; index < 16; index += 1) await service.start(request);
  await expect(service.start(request)).rejects.toMatchObject({ kind: "overloaded" });
  await service.stop();
  expect(ended).toEqual(Array.from({ length: 16 }, () => "cancelled"));
});
