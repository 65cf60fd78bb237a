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
import { type Clock, type IdSource, type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import { emptyEnvelopeColumns, type Op } from "@nova/pipeline-core/lakehouse";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { startTestPostgres } from "@nova/test-postgres";
import type { Pace } from "../pipelines/context.ts";
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
  /** Commits one change of public.orders to raw and says how far the source is. */
  append(op: Op, order: { readonly order_id: string } & Readonly<Record<string, string | null>>): Promise<void>;
  rows(dataset: string, select: string): ReturnType<typeof readRows>;
  close(): Promise<void>;
}

export interface OrderWorker {
  readonly epoch: bigint;
  readonly pace: Pace;
  readonly onFatal: (error: Error) => void;
  /** In place of the plain one. */
  readonly engine?: LakeEngine;
}

export async function openOrderPipelines(logger: Logger): Promise<OrderPipelines> {
  const clock = { now: () => new Date() };
  const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) });
  const context = { clock, ids };
  const definitions = loadDefinitions(modelCompiler);
  const folder = await mkdtemp(join(tmpdir(), "nova-pipelines-"));
  const server = await startTestPostgres();
  const connectionString = await server.createDatabase("pipelines");
  await migrate(connectionString);
  const db = openDb({ connectionString, max: 10 });
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
    start: (worker) =>
      startPipelines({
        engine,
        definitions,
        catalog: stores.catalogStore(db, context),
        runs: stores.runStore(db, context),
        commands: stores.commandStore(db, context),
        controls: stores.controlStore(db),
        backfills: stores.backfillStore(db, context),
        partitions: stores.partitionStore(db),
        streamRequests: stores.streamRequests(db, context),
        quality: stores.qualityStore(db),
        lineage: stores.lineageStore(db),
        sources,
        quarantine: stores.quarantine(db, context),
        configured: new Set(["orders_db"] as const),
        clock,
        logger,
        ...worker,
      }),
    async append(op, order) {
      position += 1;
      const one = emptyEnvelopeColumns();
      one.stream.push("public.orders");
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
