import { commandStore, workerLease } from "@nova/db/repositories";
import { openDb } from "@nova/db/client";
import { migrate } from "@nova/db/migrate";
import { type Logger, uuidV7Source } from "@nova/pipeline-core/kernel";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ownFailures } from "./capture/store-failures.ts";
import { type MetadataConnections, openMetadata } from "./container-metadata.ts";

const clock = { now: () => new Date() };
const ids = uuidV7Source(clock, { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) });
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
/** As many as the pool has connections, and as many again that wait for one. */
const STATEMENTS = 40;

let server: TestPostgres;
let metadata: MetadataConnections;
let other: pg.Client;
beforeAll(async () => {
  server = await startTestPostgres();
  const connectionString = await server.createDatabase("nova");
  await migrate(connectionString);
  metadata = openMetadata(openDb, `${connectionString}?lock_timeout=700`, silent);
  other = new pg.Client({ connectionString });
  await other.connect();
}, 60_000);
afterAll(async () => {
  await other.end();
  await metadata.close();
  await server.stop();
});

test("a table that somebody else locks costs retryable failures, never the heartbeat, the lease or other work for good", async () => {
  const { db, leases } = metadata;
  const lease = workerLease(leases, { clock });
  const epoch = await lease.acquire({ id: ids.next(), pid: 1, startedAt: clock.now() });
  const attempts = ownFailures({ count: () => db.pool.query("SELECT count(*) FROM attempts") });
  await other.query("BEGIN; LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE");
  const stuck = Promise.allSettled(Array.from({ length: STATEMENTS }, () => attempts.count()));
  // Every connection of the work waits for the lock now.
  const { rows } = await waitFor(async () =>
    other.query("SELECT FROM pg_locks WHERE NOT granted AND relation = 'attempts'::regclass HAVING count(*) = 20"),
  );
  expect(rows).toHaveLength(1);
  await lease.heartbeat(epoch);
  // Commands, which nobody locks, are taken while the lock still stands.
  expect(await commandStore(db, { clock, ids }).take(epoch)).toBeNull();
  const locked = { status: "rejected", reason: { kind: "metadata-unreachable", policy: { retry: "timed" } } };
  expect(await stuck).toMatchObject(Array.from({ length: STATEMENTS }, () => locked));
  await lease.heartbeat(epoch);
  await other.query("COMMIT");
  expect((await attempts.count()).rows).toEqual([{ count: "0" }]);
});

test("a worker that takes over waits for commits under way, however long they hold the lease", async () => {
  const lease = workerLease(metadata.leases, { clock });
  await other.query("BEGIN; SELECT FROM worker_leases WHERE released_at IS NULL FOR KEY SHARE");
  const taken = lease.acquire({ id: ids.next(), pid: 2, startedAt: clock.now() });
  await waitFor(async () =>
    other.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' HAVING count(*) = 1"),
  );
  // Longer than any other statement would wait.
  await other.query("SELECT pg_sleep(1)");
  await other.query("COMMIT");
  expect(await taken).toBeGreaterThan(1n);
});

/** Looks again and again until a row is found. */
async function waitFor(look: () => Promise<pg.QueryResult>): Promise<pg.QueryResult> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found.rows.length > 0) return found;
    if (Date.now() > deadline) throw new Error("it did not come to that");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
