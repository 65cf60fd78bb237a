import { randomBytes } from "node:crypto";
import type { ReconciliationStore } from "@nova/pipeline-core/connectors";
import {
  memoryQuarantine,
  memoryReconciliationStore,
  memorySourceStore,
  memoryStreamRequests,
} from "@nova/pipeline-core/connectors/testing";
import { type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import { openTestLake } from "@nova/engines/duckdb/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../testing/captured-source.ts";
import { runReconciliations } from "./run-reconciliations.ts";

const clock = { now: () => new Date() };
const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const STREAM = "public.items";

let engine: Awaited<ReturnType<typeof openTestLake>>;
beforeAll(async () => {
  engine = await openTestLake({ clock });
});
afterAll(() => engine.close());

/** What a comparison of a paused table comes to, which is no more than a sentence, when the store misbehaves like that. */
async function outcomeWith(misbehave: (store: ReconciliationStore) => Partial<ReconciliationStore>) {
  const sources = memorySourceStore();
  await sources.registerSource({ id: "orders_db", kind: "postgres", configured: true });
  const column = {
    name: "id",
    type: "long",
    nullable: false,
    pii: "none",
    sourceType: "bigint",
    description: "",
  } as const;
  await sources.saveStreamSchemas("orders_db", [{ stream: STREAM, description: "", key: ["id"], columns: [column] }]);
  await sources.setStreamState("orders_db", STREAM, "paused");
  const store = memoryReconciliationStore(sources, { clock, ids });
  const { id } = await store.ask({ source: "orders_db", stream: STREAM, repair: false, requestedBy: "ana" });
  const stopper = new AbortController();
  const nothing = () => Promise.reject(new Error("a paused table is not looked at"));
  const running = runReconciliations(
    "orders_db",
    { sums: nothing, writeRows: nothing, unchanged: nothing },
    {
      sources,
      reconciliations: { ...store, ...misbehave(store) },
      requests: memoryStreamRequests(sources, { clock, ids }),
      quarantine: memoryQuarantine(),
      lake: engine.comparison,
      dataThrough: async () => null,
      clock,
      logger: silent,
      everyMillis: null,
    },
    stopper.signal,
  );
  await until("the outcome", async () => (await store.find(id))?.outcome !== null);
  stopper.abort();
  await running;
  return (await store.find(id))?.outcome;
}

/** Fails as PostgreSQL does, so often. */
function failing(code: string, times: number): () => void {
  let left = times;
  return () => {
    if (left === 0) return;
    left -= 1;
    throw Object.assign(new Error(`refused with ${code}`), { code });
  };
}

test("an outcome is stored once the metadata database is there again", async () => {
  const away = failing("57P01", 2);
  const outcome = await outcomeWith((store) => ({
    async finish(...given) {
      away();
      await store.finish(...given);
    },
  }));
  expect(outcome).toMatchObject({ state: "failed", message: `${STREAM} is paused: it is compared when it streams` });
});

test("an outcome that the metadata database refuses is told as a failure", async () => {
  const refused = failing("22P05", 1);
  const outcome = await outcomeWith((store) => ({
    async finish(...given) {
      refused();
      await store.finish(...given);
    },
  }));
  expect(outcome).toMatchObject({ state: "failed", message: "the outcome could not be stored: refused with 22P05" });
});

test("a comparison that was taken and whose answer was lost is taken again", async () => {
  const lost = failing("08006", 1);
  const outcome = await outcomeWith((store) => ({
    async take(source) {
      const taken = await store.take(source);
      lost();
      return taken;
    },
  }));
  expect(outcome).toMatchObject({ state: "failed", message: `${STREAM} is paused: it is compared when it streams` });
});
