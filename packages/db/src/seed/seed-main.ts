import { randomBytes } from "node:crypto";
import { isPlatformError, uuidV7Source } from "@nova/pipeline-core/kernel";
import { openDb } from "../client.ts";
import { readMigrateEnv } from "../env.ts";
import { migrate } from "../migrate.ts";
import { type Scenario, SCENARIOS, seedScenario } from "./scenarios.ts";

// DATABASE_URL=… node packages/db/src/seed/seed-main.ts [scenario]: migrates, then fills an empty metadata store.
const scenario = SCENARIOS.find((name) => name === (process.argv[2] ?? "busy-day"));
if (scenario === undefined) {
  console.error(`scenario: must be one of ${SCENARIOS.join(", ")}`);
  process.exit(2);
}
await run(scenario);

async function run(name: Scenario): Promise<void> {
  const env = readMigrateEnv();
  const clock = { now: () => new Date() };
  const db = openDb({ connectionString: env.DATABASE_URL, max: 2 });
  try {
    await migrate(env.DATABASE_URL);
    await seedScenario(db, name, {
      clock,
      ids: uuidV7Source(clock, { bytes: (length) => new Uint8Array(randomBytes(length)) }),
    });
    console.log(`seeded ${name}`);
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    console.error(`${error.message}\n${error.policy.remedy}`);
    process.exitCode = 1;
  } finally {
    await db.close();
  }
}
