import { modelCompiler } from "@nova/engines/sql";
import { randomBytes } from "node:crypto";
import { openTestLake, readRows } from "@nova/engines/duckdb/testing";
import { memoryCatalogStore } from "@nova/pipeline-core/catalog/testing";
import type { SourceId } from "@nova/pipeline-core/connectors";
import {
  memoryDriftStore,
  memoryQuarantine,
  memorySourceStore,
  memoryStreamRequests,
} from "@nova/pipeline-core/connectors/testing";
import { type Logger, PlatformError, uuidV7Source } from "@nova/pipeline-core/kernel";
import { emptyEnvelopeColumns, type Op } from "@nova/pipeline-core/lakehouse";
import { memoryLineageStore } from "@nova/pipeline-core/lineage/testing";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import {
  memoryBackfillStore,
  memoryCommandStore,
  memoryControlStore,
  memoryPartitionStore,
  memoryScanCharges,
  memoryRunStore,
  memoryScheduleStore,
} from "@nova/pipeline-core/orchestration/testing";
import { memoryQualityStore } from "@nova/pipeline-core/quality/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadDefinitions, type Pipelines, startPipelines } from "./index.ts";

const KEYS: Record<string, string> = {
  customers: "customer_id",
  orders: "order_id",
  order_lines: "order_line_id",
  payments: "payment_id",
  refunds: "refund_id",
  products: "product_id",
};
const clock = { now: () => new Date() };
const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
const warnings: string[] = [];
const logger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => void warnings.push(`${message} ${JSON.stringify(fields)}`),
  error: (message, fields) => void warnings.push(`${message} ${JSON.stringify(fields)} ${String(fields?.error)}`),
  with: () => logger,
};

let engine: LakeEngine;
let pipelines: Pipelines;
let position = 0;
/** Every load of a staged dataset fails. */
let brokenLoads = false;
const stores = () => ({
  catalog: memoryCatalogStore(),
  runs: memoryRunStore({ clock, ids }),
  commands: memoryCommandStore({ clock, ids, lease: () => 1n }),
  controls: memoryControlStore(),
  schedules: memoryScheduleStore(() => 1n),
  backfills: memoryBackfillStore({ clock, ids, lease: () => 1n }),
  partitions: memoryPartitionStore(),
  streamRequests: {
    ask: () => Promise.reject(new Error("nobody asks")),
    open: async () => [],
    outcome: async () => null,
    lastDone: async () => null,
  },
  quality: memoryQualityStore(),
  charges: memoryScanCharges(),
  lineage: memoryLineageStore(),
  sources: memorySourceStore(),
  quarantine: memoryQuarantine(),
});
let store: ReturnType<typeof stores>;

beforeEach(async () => {
  warnings.length = 0;
  position = 0;
  store = stores();
  const definitions = loadDefinitions(modelCompiler);
  engine = await openTestLake({ clock, contracts: definitions.contracts });
  for (const { id, kind } of definitions.sources)
    await store.sources.registerSource({ id, kind, configured: id === "orders_db" });
  await store.sources.saveStreamSchemas(
    "orders_db",
    Object.entries(KEYS).map(([table, key]) => ({
      stream: `public.${table}`,
      key: [key],
      description: `${table} of the shop`,
      columns: Object.entries(definitions.contracts[`staged.orders_db__${table}`] ?? {}).map(([name, type]) => ({
        name,
        sourceType: type,
        type,
        nullable: name !== key,
        description: name,
        pii: "none" as const,
      })),
    })),
  );
  brokenLoads = false;
  pipelines = await startPipelines({
    ...store,
    engine: {
      ...engine,
      loadStaged: (load) =>
        brokenLoads ? Promise.reject(new PlatformError("storage-failed", "the disk is full")) : engine.loadStaged(load),
    },
    jitter: () => 0.1,
    definitions,
    configured: new Set<SourceId>(["orders_db"]),
    epoch: 1n,
    clock,
    logger,
    pace: {
      hot: 50,
      cold: 100,
      model: 50,
      lagShare: 0,
      idle: 200,
      freshness: 200,
      checks: 300,
      maintenance: 100,
      afterFailure: 500,
    },
    onFatal: (error) => void warnings.push(String(error)),
  });
}, 60_000);
afterEach(async () => {
  await pipelines.stop();
  await engine.close();
}, 60_000);

type Row = Record<string, string | null>;

async function commit(...changes: readonly (readonly [Op, table: string, row: Row])[]): Promise<void> {
  const columns = emptyEnvelopeColumns();
  const at = clock.now();
  for (const [op, table, row] of changes) {
    position += 1;
    const key = KEYS[table] ?? "";
    columns.stream.push(`public.${table}`);
    columns.op.push(op);
    columns.key.push(JSON.stringify({ [key]: row[key] }));
    columns.payload.push(op === "d" ? null : JSON.stringify(row));
    columns.unchanged.push(null);
    columns.sourceTs.push(BigInt(at.getTime()) * 1000n);
    columns.position.push(`A.${String(position).padStart(10, "0")}`);
    columns.schemaVersion.push(1);
  }
  await engine.rawStore.append({
    source: "orders_db",
    input: { from: "columns", columns },
    batchId: `b${position}`,
    ingestedAt: at,
    within: async () => undefined,
    position: String(position),
  });
  await store.sources.setDataThrough("orders_db", at);
  pipelines.notify("orders_db");
}

const order = (id: number, total: string, status = "pending"): Row => ({
  order_id: String(id),
  order_number: `NR-${id}`,
  customer_id: "7",
  status,
  channel: "web",
  currency: "EUR",
  subtotal: total,
  discount: "0.00",
  shipping: "0.00",
  tax: "0.00",
  total,
  placed_at: "2026-11-01 10:00:00+00",
  updated_at: "2026-11-01 10:00:00+00",
});
const CUSTOMER: Row = {
  customer_id: "7",
  email: "Ana.Lima@nova.example",
  first_name: "Ana",
  last_name: "Lima",
  status: "active",
  marketing_opt_in: "t",
  created_at: "2026-01-01 00:00:00+00",
};

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within the deadline: ${what}\n${warnings.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const rowsOf = async (dataset: string, select: string) =>
  (await engine.snapshots([dataset])).get(dataset) === null ? [] : readRows(engine, dataset, select);

describe("pipelines", () => {
  it("bring an order, its change and its removal from raw to curated and the marts", { timeout: 120_000 }, async () => {
    await commit(
      ["c", "customers", CUSTOMER],
      ["c", "orders", order(1, "99.90")],
      ["c", "orders", order(2, "10.00")],
      [
        "c",
        "order_lines",
        {
          order_line_id: "1",
          order_id: "1",
          line_no: "1",
          product_id: "3",
          quantity: "2",
          unit_price: "49.95",
          discount: "0.00",
          line_total: "99.90",
        },
      ],
    );
    await eventually(
      "the orders are curated",
      async () =>
        (await rowsOf("curated.orders", "order_id, CAST(total AS varchar), lines_count, payment_status")).length === 2,
    );
    expect(await rowsOf("curated.orders", "order_id, CAST(total AS varchar), lines_count, payment_status")).toEqual([
      ["1", "99.90", "1", "none"],
      ["2", "10.00", "0", "none"],
    ]);
    await commit(
      ["u", "orders", order(1, "120.00", "paid")],
      ["d", "orders", { order_id: "2" }],
      [
        "c",
        "payments",
        {
          payment_id: "5",
          order_id: "1",
          method: "cash",
          amount: "120.00",
          currency: "EUR",
          status: "captured",
          created_at: "2026-11-01 10:00:00+00",
        },
      ],
    );
    await eventually(
      "the change and the removal arrive",
      async () =>
        JSON.stringify(await rowsOf("curated.orders", "order_id, CAST(total AS varchar), payment_status")) ===
        '[["1","120.00","paid"]]',
    );
    await eventually(
      "the day's sales follow",
      async () =>
        JSON.stringify(
          await rowsOf("mart.daily_sales", "CAST(sale_date AS varchar), orders_count, CAST(net_sales AS varchar)"),
        ) === '[["2026-11-01","1","120.00"]]',
    );
    await eventually(
      "the customer's value follows",
      async () =>
        JSON.stringify(await rowsOf("curated.customers", "email, orders_count, CAST(lifetime_value AS varchar)")) ===
        '[["ana.lima@nova.example","1","120.00"]]',
    );
    expect(warnings).toEqual([]);
    const runs = [...store.runs.runs.values()];
    expect(
      runs.filter((run) => run.plan.pipeline === "load_orders_db" && run.state === "succeeded").length,
    ).toBeGreaterThanOrEqual(2);
    expect(store.runs.lines.map((line) => line.message)).toContainEqual(
      expect.stringMatching(/affected keys: \d+ rows in, \d+ rows written/),
    );
    expect(store.lineage.edges.get("curated.orders")).toContainEqual(
      expect.objectContaining({
        fromDataset: "staged.orders_db__orders",
        fromColumn: "total",
        toColumn: "total",
        kind: "identity",
      }),
    );
    expect(store.lineage.edges.get("staged.orders_db__orders")).toContainEqual(
      expect.objectContaining({ fromDataset: "orders_db/public.orders", fromColumn: "total" }),
    );
  });

  it("carry freshness on while nothing happens, and judge every dataset's checks", { timeout: 120_000 }, async () => {
    await commit(["c", "orders", order(1, "99.90")]);
    await eventually("the order is curated", async () => (await rowsOf("curated.orders", "order_id")).length === 1);
    const later = new Date();
    await store.sources.setDataThrough("orders_db", later);
    await eventually("data through moves without a commit", async () =>
      (await store.catalog.states()).some(
        (state) => state.name === "curated.orders" && state.dataThrough?.getTime() === later.getTime(),
      ),
    );
    await eventually("the checks of orders are judged", async () =>
      store.quality.results.some(
        (result) =>
          result.dataset === "curated.orders" && result.check === "duplicate-keys" && result.outcome === "passed",
      ),
    );
    expect(
      store.quality.results.filter((result) => result.dataset === "curated.orders" && result.outcome === "failed"),
    ).toEqual([]);
    await eventually("freshness is sampled", async () =>
      store.catalog.freshness.some((sample) => sample.dataset === "curated.orders" && sample.state === "fresh"),
    );
    expect(warnings).toEqual([]);
  });

  it("put rows that do not fit into quarantine and go on with the others", { timeout: 120_000 }, async () => {
    await commit(["c", "orders", { ...order(1, "1.00"), placed_at: "not a time" }], ["c", "orders", order(2, "2.00")]);
    await eventually(
      "the good order is curated",
      async () => (await rowsOf("curated.orders", "order_id")).length === 1,
    );
    expect(store.quarantine.items).toMatchObject([
      {
        source: "orders_db",
        stream: "public.orders",
        reason: "type-mismatch",
        detail: "public.orders: the value does not fit the type of placed_at",
      },
    ]);
  });

  it("load nothing of a source whose loads fail again and again, and everything once one works", async () => {
    const staged = async () =>
      (await rowsOf("staged.orders_db__orders", "order_id")).length +
      (await rowsOf("staged.orders_db__products", "product_id")).length;
    brokenLoads = true;
    await commit(["c", "orders", order(1, "10.00")], ["c", "products", { product_id: "5" }]);
    await eventually("the breaker is open", async () => (await store.sources.openBreakers()).length === 1);
    const [open] = await store.sources.openBreakers();
    expect(open).toMatchObject({ source: "orders_db", part: "load", error: { kind: "storage-failed" } });
    // Now and then one load is tried.
    await eventually("the dataset says why it waits", async () => {
      const { state, headline } = pipelines.explain("staged.orders_db__orders", open === undefined ? [] : [open]);
      return state === "waiting" && headline.includes("loading what it sent failed 5 times in a row");
    });
    await commit(["c", "orders", order(2, "20.00")]);
    brokenLoads = false;
    await eventually("it is closed again", async () => (await store.sources.openBreakers()).length === 0);
    await eventually("every row is there", async () => (await staged()) === 3);
  }, 120_000);

  it(
    "load a table once all its rows are read for the first time, and others meanwhile",
    { timeout: 120_000 },
    async () => {
      const orders = () => rowsOf("staged.orders_db__orders", "order_id");
      const products = () => rowsOf("staged.orders_db__products", "product_id");
      await store.sources.setStreamState("orders_db", "public.orders", "snapshotting");
      await commit(["r", "orders", order(1, "10.00")], ["c", "products", { product_id: "5" }]);
      await eventually("the product is staged", async () => (await products()).length === 1);
      expect(await orders()).toEqual([]);
      await eventually("the table says why it waits", async () =>
        pipelines.explain("staged.orders_db__orders").headline.includes("read for the first time"),
      );
      await commit(["r", "orders", order(2, "20.00")], ["c", "products", { product_id: "6" }]);
      await eventually("the next product is staged", async () => (await products()).length === 2);
      expect(await orders()).toEqual([]);
      await store.sources.setStreamState("orders_db", "public.orders", "streaming");
      await eventually("all orders are staged", async () => (await orders()).length === 2);
      // Its rows are read again: what is there goes on.
      await store.sources.setStreamState("orders_db", "public.orders", "snapshotting");
      await commit(["c", "orders", order(3, "30.00")]);
      await eventually("the new order is staged", async () => (await orders()).length === 3);
      expect(store.runs.lines.filter((line) => line.message.includes("first load"))).toHaveLength(2);
    },
  );

  it(
    "wait with a dataset whose stream lost what others rely on, and go on exactly there once it is settled",
    { timeout: 120_000 },
    async () => {
      const requests = memoryStreamRequests(store.sources, { clock, ids });
      const drift = memoryDriftStore(store.sources, requests, clock);
      const total = () => rowsOf("staged.orders_db__orders", "order_id, CAST(total AS varchar)");
      await commit(["c", "orders", order(1, "10.00")]);
      await eventually("the order is staged", async () => (await total()).length === 1);
      const [before] = (await store.sources.streams("orders_db")).filter((each) => each.stream === "public.orders");
      if (before === undefined) throw new Error("orders are not known");
      const columns = before.schema.columns.map((each) => (each.name === "total" ? { ...each, name: "amount" } : each));
      await store.sources.saveStreamSchemas("orders_db", [{ ...before.schema, columns }], { needs: () => true });
      const { total: value, ...rest } = order(2, "20.00");
      await commit(["c", "orders", { ...rest, amount: value ?? null }]);
      await eventually("loading waits", async () =>
        pipelines.explain("staged.orders_db__orders").headline.includes("drift inbox"),
      );
      // Others go on meanwhile.
      await commit(["c", "products", { product_id: "5" }]);
      await eventually(
        "the product is staged",
        async () => (await rowsOf("staged.orders_db__products", "product_id")).length === 1,
      );
      expect(await total()).toHaveLength(1);
      const [item] = await drift.list({ open: true });
      await drift.decide({ item: item?.id ?? "", choice: "map", target: null, decidedBy: "ana@novaretail.example" });
      pipelines.notify("orders_db");
      await eventually("loading goes on", async () => (await total()).length === 2);
      expect(await total()).toEqual([
        ["1", "10.00"],
        ["2", "20.00"],
      ]);
      expect(await requests.open("orders_db")).toEqual([]);
    },
  );
});
