import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Db, openDb } from "@nova/db/client";
import { migrate } from "@nova/db/migrate";
import * as stores from "@nova/db/repositories";
import { openLakeEngine } from "@nova/engines/duckdb";
import { readRows } from "@nova/engines/duckdb/testing";
import { modelCompiler } from "@nova/engines/sql";
import type { ModelFile } from "@nova/pipeline-core/catalog";
import { type Clock, type IdSource, type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import { emptyEnvelopeColumns, type Op } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { startTestPostgres } from "@nova/test-postgres";
import type { Pace } from "../pipelines/context.ts";
import type { LineageEvents } from "../pipelines/tell-lineage.ts";
import { loadDefinitions, type Pipelines, startPipelines } from "../pipelines/index.ts";

/** NovaRetail's pipelines on a PostgreSQL and a lake of their own, with one source: orders, fed by hand. */
export interface OrderPipelines {
  readonly db: Db;
  readonly engine: LakeEngine;
  readonly clock: Clock;
  readonly ids: IdSource;
  /** A worker's lease newer than all before. */
  newEpoch(): Promise<bigint>;
  start(worker: OrderWorker): Promise<Pipelines>;
  /** Commits one change of public.orders, or of another stream with its key, to raw and says how far the source is. */
  append(
    op: Op,
    order: { readonly order_id: string } & Readonly<Record<string, string | null>>,
    stream?: string,
  ): Promise<void>;
  rows(dataset: string, select: string): ReturnType<typeof readRows>;
  close(): Promise<void>;
}

export interface OrderWorker {
  readonly epoch: bigint;
  /** In place of paces that are quick where tests wait for something. */
  readonly pace?: Partial<Pace>;
  readonly onFatal: (error: Error) => void;
  readonly lineageEvents?: LineageEvents;
  /** In place of those that the pipelines were opened with. */
  readonly models?: readonly ModelFile[];
  /** In place of the plain one. */
  readonly engine?: LakeEngine;
}

const QUICK: Pace = {
  hot: 50,
  cold: 1_000,
  model: 50,
  lagShare: 0,
  idle: 200,
  freshness: 5_000,
  checks: 5_000,
  maintenance: 60_000,
  afterFailure: 1_500,
};

export interface OrderPipelinesOptions {
  /** In place of NovaRetail's own, inputs first. */
  readonly models?: readonly ModelFile[];
  /** Settings of the PostgreSQL server over those of tests. */
  readonly postgres?: Readonly<Record<string, string>>;
  /** In place of the machine's. */
  readonly clock?: Clock;
}

export async function openOrderPipelines(
  logger: Logger,
  { models, postgres, clock = { now: () => new Date() } }: OrderPipelinesOptions = {},
): Promise<OrderPipelines> {
  const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
  const context = { clock, ids };
  const known = loadDefinitions(modelCompiler);
  const definitions = models === undefined ? known : { ...known, models };
  const folder = await mkdtemp(join(tmpdir(), "nova-pipelines-"));
  const server = await startTestPostgres(postgres);
  const connectionString = await server.createDatabase("pipelines");
  await migrate(connectionString);
  const db = openDb({ connectionString, max: 10, lockWaitMillis: 1_000 });
  const engine = await openLakeEngine({
    lakeDir: join(folder, "lake"),
    tempDir: join(folder, "spill"),
    pool: db.pool,
    memoryLimit: "400MB",
    threads: 2,
    clock,
    logger,
    contracts: definitions.contracts,
  });
  const sources = stores.sourceStore(db, context);
  for (const { id, kind } of definitions.sources)
    await sources.registerSource({ id, kind, configured: id === "orders_db" });
  const columns = Object.entries(definitions.contracts["staged.orders_db__orders"] ?? {}).map(([name, type]) => ({
    name,
    sourceType: type,
    type,
    nullable: name !== "order_id",
    description: name,
    pii: "none" as const,
  }));
  await sources.saveStreamSchemas("orders_db", [
    { stream: "public.orders", key: ["order_id"], description: "Orders.", columns },
  ]);
  let position = 0;
  return {
    db,
    engine,
    clock,
    ids,
    newEpoch: () =>
      stores.workerLease(db, context).acquire({ id: ids.next(), pid: process.pid, startedAt: clock.now() }),
    start: ({ models: other, ...worker }) =>
      startPipelines({
        engine,
        definitions: other === undefined ? definitions : { ...definitions, models: other },
        catalog: stores.catalogStore(db, context),
        runs: stores.runStore(db, context),
        commands: stores.commandStore(db, context),
        controls: stores.controlStore(db),
        schedules: stores.scheduleStore(db),
        backfills: stores.backfillStore(db, context),
        partitions: stores.partitionStore(db),
        streamRequests: stores.streamRequests(db, context),
        quality: stores.qualityStore(db),
        charges: stores.scanCharges(db, context),
        lineage: stores.lineageStore(db),
        sources,
        quarantine: stores.quarantine(db, context),
        configured: new Set(["orders_db"] as const),
        clock,
        logger,
        ...worker,
        pace: { ...QUICK, ...worker.pace },
      }),
    async append(op, order, stream = "public.orders") {
      position += 1;
      const one = emptyEnvelopeColumns();
      one.stream.push(stream);
      one.op.push(op);
      one.key.push(JSON.stringify({ order_id: order.order_id }));
      one.payload.push(op === "d" ? null : JSON.stringify(order));
      one.unchanged.push(null);
      one.sourceTs.push(BigInt(clock.now().getTime()) * 1000n);
      one.position.push(`A.${String(position).padStart(10, "0")}`);
      one.schemaVersion.push(1);
      await engine.rawStore.append({
        source: "orders_db",
        input: { from: "columns", columns: one },
        batchId: `b${position}`,
        ingestedAt: clock.now(),
        within: async () => undefined,
        position: String(position),
      });
      await sources.setDataThrough("orders_db", clock.now());
    },
    rows: (dataset, select) => readRows(engine, dataset, select),
    async close() {
      await engine.close();
      await db.close();
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What `look` gives once it is neither null nor false. Throws after `patienceMillis`, with the words of `complaints`. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | null | false> | T | null | false,
  { patienceMillis = 60_000, complaints = [] }: { patienceMillis?: number; complaints?: readonly string[] } = {},
): Promise<T> {
  const deadline = Date.now() + patienceMillis;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`not within the deadline: ${what}\n${complaints.join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
