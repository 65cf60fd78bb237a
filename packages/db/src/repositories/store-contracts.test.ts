import { catalogStoreContract } from "@nova/pipeline-core/catalog/testing";
import {
  deliveryLedgerContract,
  sourceStoreContract,
  workerLeaseContract,
} from "@nova/pipeline-core/connectors/testing";
import type { RunState, StepState } from "@nova/pipeline-core/orchestration";
import {
  backfillStoreContract,
  commandStoreContract,
  partitionStoreContract,
  runMarksContract,
  runStoreContract,
  type RunStoreFixture,
  scheduleStoreContract,
} from "@nova/pipeline-core/orchestration/testing";
import type { Logger, Transaction } from "@nova/pipeline-core/kernel";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Db, openDb } from "../client.ts";
import { migrate } from "../migrate.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { emptyDb, standingClock, testIds } from "../testing/store-fixture.ts";
import {
  backfillStore,
  catalogStore,
  type CommandFeed,
  commandStore,
  deliveryLedger,
  inTransaction,
  listenForCommands,
  partitionStore,
  runStore,
  scheduleStore,
  sourceStore,
  workerLease,
} from "./index.ts";

const NOW = new Date("2026-11-23T09:00:00Z");
const clock = standingClock(NOW);
const context = { clock, ids: testIds(clock) };
const SILENT: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => SILENT,
};
let server: TestPostgres;
let db: Db;
let connectionString: string;

beforeAll(async () => {
  server = await startTestPostgres();
  connectionString = await server.createDatabase("stores");
  await migrate(connectionString);
  db = openDb({ connectionString });
}, 60_000);

afterAll(async () => {
  await db.close();
  await server.stop();
});

const transaction = <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
  inTransaction(db.pool, (tx) => work(tx as Transaction));

const connectorStores = async () => {
  await emptyDb(db);
  return {
    sources: sourceStore(db, context),
    deliveries: deliveryLedger(db),
    lease: workerLease(db, context),
    transaction,
  };
};

describe("sources in PostgreSQL", () => {
  sourceStoreContract({ test, expect }, connectorStores);
});
describe("deliveries in PostgreSQL", () => {
  deliveryLedgerContract({ test, expect }, connectorStores);
});
describe("the lease in PostgreSQL", () => {
  workerLeaseContract({ test, expect }, connectorStores);
});

describe("the catalog in PostgreSQL", () => {
  catalogStoreContract({ test, expect }, async () => {
    await emptyDb(db);
    const lease = workerLease(db, context);
    const staleEpoch = await lease.acquire({ id: "old", pid: 1, startedAt: NOW });
    const epoch = await workerLease(db, context).acquire({ id: "new", pid: 2, startedAt: NOW });
    return { catalog: catalogStore(db, context), epoch, staleEpoch, transaction };
  });
});

describe("commands in PostgreSQL", () => {
  let feed: CommandFeed;
  let told = 0;
  beforeAll(async () => {
    const connected = Promise.withResolvers<void>();
    feed = listenForCommands(
      connectionString,
      () => {
        told += 1;
        connected.resolve();
      },
      SILENT,
    );
    await connected.promise;
  });
  afterAll(() => feed.stop());

  commandStoreContract({ test, expect }, async () => {
    await emptyDb(db);
    const before = told;
    let at = NOW.getTime();
    const ticking = { now: () => new Date((at += 1)) };
    const lease = workerLease(db, context);
    return {
      commands: commandStore(db, { clock: ticking, ids: testIds(ticking) }),
      newEpoch: () => lease.acquire({ id: "w", pid: 1, startedAt: NOW }),
      async audit() {
        const { rows } = await db.pool.query<{ line: string }>(
          "SELECT actor || ' ' || action || ' ' || resource AS line FROM audit_entries ORDER BY id",
        );
        return rows.map((row) => row.line);
      },
      told: () => told - before,
    };
  });
});

describe("runs in PostgreSQL", () => {
  const make = async (): Promise<RunStoreFixture> => {
    await emptyDb(db);
    return {
      runs: runStore(db, context),
      now: NOW,
      transaction,
      async see(id) {
        const run = await db.prisma.run.findUnique({
          where: { id },
          include: { steps: { orderBy: { ordinal: "asc" } }, _count: { select: { logs: true } } },
        });
        if (run === null) return null;
        const steps = run.steps.map((step) => ({
          dataset: step.dataset,
          state: step.state as StepState,
          attempt: step.attempt,
        }));
        return { state: run.state as RunState, steps, logLines: run._count.logs };
      },
    };
  };
  runStoreContract({ test, expect }, make);
  runMarksContract({ test, expect }, make);
});

describe("backfills in PostgreSQL", () => {
  backfillStoreContract({ test, expect }, async () => {
    await emptyDb(db);
    const lease = workerLease(db, context);
    return {
      backfills: backfillStore(db, context),
      newEpoch: () => lease.acquire({ id: "worker", pid: 1, startedAt: NOW }),
      within: transaction,
    };
  });
});

describe("partitions in PostgreSQL", () => {
  partitionStoreContract({ test, expect }, async () => {
    await emptyDb(db);
    await db.pool.query(
      `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, target_lag_seconds)
       VALUES ('mart.daily_sales', 'mart', 'partitioned', '', 'o', 'marts', 60)`,
    );
    const runs = runStore(db, context);
    const steps = [{ dataset: "mart.daily_sales", reason: "new data", after: [] }];
    const id = await runs.createRun({ pipeline: "marts", trigger: "manual", steps });
    const attempt = await runs.startStep(id, "mart.daily_sales");
    clock.forward(3_000);
    const outcome = { rowsIn: 1, rowsOut: 1, bytes: 1, snapshotBefore: "1", snapshotAfter: "2" };
    await runs.succeedStep(id, "mart.daily_sales", attempt, outcome);
    const epoch = await workerLease(db, context).acquire({ id: "worker", pid: 1, startedAt: NOW });
    return {
      partitions: partitionStore(db),
      epoch,
      within: (work) => inTransaction(db.pool, (tx) => work(tx as Transaction)),
    };
  });
});

describe("schedules in PostgreSQL", () => {
  scheduleStoreContract({ test, expect }, async () => {
    await emptyDb(db);
    await db.pool.query(
      `INSERT INTO datasets (name, layer, kind, description, owner, pipeline, target_lag_seconds)
       SELECT name, 'mart', 'full', '', 'o', 'marts', 60 FROM unnest(ARRAY['mart.a', 'mart.b']) AS name`,
    );
    const lease = workerLease(db, context);
    return {
      schedules: scheduleStore(db),
      newEpoch: () => lease.acquire({ id: "worker", pid: 1, startedAt: NOW }),
      within: transaction,
    };
  });
});
