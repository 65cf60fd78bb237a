import { type Clock, DAY } from "@nova/pipeline-core/kernel";
import type { StoreDb } from "./store-context.ts";

/** How long history is kept, and from when on in coarser steps. */
const KEEP = {
  flowFine: DAY,
  flow: 14 * DAY,
  freshnessFine: 2 * DAY,
  history: 90 * DAY,
  /** Days of datasets with the runs that are gone themselves, and what was scanned: a row or a few a dataset and day. */
  runDays: 800 * DAY,
  /** Longer than any source repeats a delivery (Stripe: 30 days of events). */
  deliveries: 35 * DAY,
  quarantine: 30 * DAY,
  refusals: 30 * DAY,
} as const;

/** Rolls history up and lets go of what is past its time. Idempotent; the worker calls it every few minutes. */
export async function tidyHistory(db: StoreDb, clock: Clock): Promise<void> {
  const before = (age: number): Date => new Date(clock.now().getTime() - age);
  // Flow: 10-second slots older than a day become minutes (sums; the worst lag).
  await db.pool.query(
    `WITH old AS (DELETE FROM flow_samples WHERE at < date_trunc('minute', $1::timestamptz) AND extract(second FROM at) <> 0 RETURNING *)
     INSERT INTO flow_samples AS f (source_id, at, rows, bytes, errors, lag_seconds, lag_bytes)
     SELECT source_id, date_trunc('minute', at), sum(rows), sum(bytes), sum(errors), max(lag_seconds), max(lag_bytes) FROM old GROUP BY 1, 2
     ON CONFLICT (source_id, at) DO UPDATE SET rows = f.rows + excluded.rows, bytes = f.bytes + excluded.bytes, errors = f.errors + excluded.errors,
       lag_seconds = greatest(f.lag_seconds, excluded.lag_seconds), lag_bytes = greatest(f.lag_bytes, excluded.lag_bytes)`,
    [before(KEEP.flowFine)],
  );
  // Freshness: of ten minutes only the worst sample stays.
  await db.pool.query(
    `DELETE FROM freshness_samples f WHERE f.at < $1 AND EXISTS (
       SELECT FROM freshness_samples w WHERE w.dataset = f.dataset AND date_bin('10 minutes', w.at, 'epoch') = date_bin('10 minutes', f.at, 'epoch')
          AND (coalesce(w.age_seconds, 2147483647), w.at) > (coalesce(f.age_seconds, 2147483647), f.at))`,
    [before(KEEP.freshnessFine)],
  );
  await db.pool.query("DELETE FROM flow_samples WHERE at < $1", [before(KEEP.flow)]);
  await db.pool.query("DELETE FROM freshness_samples WHERE at < $1", [before(KEEP.history)]);
  await db.pool.query("DELETE FROM check_results WHERE at < $1", [before(KEEP.history)]);
  await db.pool.query("DELETE FROM commands WHERE created_at < $1 AND state IN ('done', 'refused')", [
    before(KEEP.history),
  ]);
  await db.pool.query("DELETE FROM dataset_run_days WHERE day < $1", [before(KEEP.runDays)]);
  await db.pool.query("DELETE FROM dataset_scan_days WHERE day < $1", [before(KEEP.runDays)]);
  await db.pool.query("DELETE FROM backfills WHERE ended_at < $1", [before(KEEP.history)]);
  await db.pool.query("DELETE FROM delivery_ledger WHERE at < $1", [before(KEEP.deliveries)]);
  await db.pool.query("DELETE FROM intake_refusals WHERE hour < $1", [before(KEEP.refusals)]);
  await db.pool.query("DELETE FROM quarantine_items WHERE received_at < $1", [before(KEEP.quarantine)]);
}
