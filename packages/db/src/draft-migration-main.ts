import { readFile } from "node:fs/promises";
import { readMigrateEnv } from "./env.ts";
import { schemaScript } from "./testing/schema-script.ts";

// Prints the SQL from an older schema file to the current one, to be reviewed, completed by hand and checked in:
//   git show HEAD:packages/db/prisma/schema.prisma > /tmp/old.prisma
//   DATABASE_URL=… node packages/db/src/draft-migration-main.ts /tmp/old.prisma
const [, , older] = process.argv;
process.stdout.write(
  await schemaScript(readMigrateEnv().DATABASE_URL, older === undefined ? null : await readFile(older, "utf8")),
);
