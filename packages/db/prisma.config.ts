import { defineConfig } from "prisma/config";

// Generation reads only the schema; migrations are applied by src/migrate.ts, which needs no downloaded engine.
export default defineConfig({ schema: "prisma/schema.prisma" });
