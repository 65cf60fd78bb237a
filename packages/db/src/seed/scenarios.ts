import { PlatformError } from "@nova/pipeline-core/kernel";
import type { StoreContext, StoreDb } from "../repositories/store-context.ts";
import { seedBusyDay } from "./busy-day/index.ts";
import { seedDemoPeople } from "./demo-people.ts";

export const SCENARIOS = ["empty", "busy-day"] as const;
export type Scenario = (typeof SCENARIOS)[number];

/**
 * Fills an empty, migrated metadata store with a named scenario, so that screens and journeys can be looked at without
 * a worker. Refuses (`conflict`) a store that already knows sources: scenarios never mix with real state.
 */
export async function seedScenario(db: StoreDb, scenario: Scenario, context: StoreContext): Promise<void> {
  const { rows } = await db.pool.query<{ taken: boolean }>("SELECT EXISTS (SELECT FROM sources) AS taken");
  if (rows[0]?.taken === true)
    throw new PlatformError("conflict", "the metadata store already knows sources; seed an empty database");
  await seedDemoPeople(db, context.clock.now());
  if (scenario === "busy-day") await seedBusyDay(db, context);
}
