import { isPlatformError } from "@nova/pipeline-core/kernel";
import { openDb } from "./client.ts";
import { readMigrateEnv } from "./env.ts";
import { migrate } from "./migrate.ts";
import { seedDemoPeople } from "./seed/demo-people.ts";

// Child process of the supervisor: brings the metadata database up to date, prints one line, ends.
const env = readMigrateEnv();
try {
  const report = await migrate(env.DATABASE_URL);
  const what = report.applied.length === 0 ? "is up to date" : `got ${report.applied.join(", ")}`;
  process.stdout.write(`metadata database ${what} (${report.total} migrations)\n`);
  if (env.NOVA_DEMO) {
    const db = openDb({ connectionString: env.DATABASE_URL, max: 2 });
    await seedDemoPeople(db, new Date());
    await db.close();
    process.stdout.write("demo people are in place\n");
  }
} catch (error) {
  if (!isPlatformError(error)) throw error;
  process.stderr.write(`${error.message}\n${error.policy.remedy}\n`);
  process.exitCode = 1;
}
