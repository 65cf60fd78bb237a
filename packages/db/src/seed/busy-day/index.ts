import type { StoreContext, StoreDb } from "../../repositories/store-context.ts";
import { dice } from "../random.ts";
import { seedCosts } from "./costs.ts";
import { seedDatasets } from "./datasets.ts";
import { seedRuns } from "./runs.ts";
import { seedSchedules } from "./schedules.ts";
import { seedSources } from "./sources.ts";

/** A working day of the platform with some trouble in it, ending now. Wants an empty, migrated database. */
export async function seedBusyDay(db: StoreDb, context: StoreContext): Promise<void> {
  const now = context.clock.now();
  const rolls = dice(20_261_123);
  await seedSources(db.pool, now, rolls);
  await seedDatasets(db, context, rolls);
  await seedRuns(db.pool, now, rolls);
  await seedSchedules(db.pool, now);
  await seedCosts(db.pool, now, rolls);
  await db.pool.query(
    "INSERT INTO worker_leases (worker_id, pid, started_at, heartbeat_at) VALUES ('seed', 1, $1, $1)",
    [now],
  );
}
