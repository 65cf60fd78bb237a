import { readFile } from "node:fs/promises";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import { SchemaEngine } from "@prisma/schema-engine-wasm";

/**
 * SQL that turns the schema `from` (Prisma schema text; null = an empty database) into the one in `schema.prisma`.
 * The engine is WebAssembly from npm, so it works where Prisma's own download does not; it wants a reachable PostgreSQL
 * although it only compares texts. Comparing with a live database is left out on purpose: with 7.10 the engine cannot
 * read PostgreSQL 18's pg_constraint through this adapter (the "char" type).
 */
export async function schemaScript(connectionString: string, from: string | null): Promise<string> {
  const content = await readFile(new URL("../../prisma/schema.prisma", import.meta.url), "utf8");
  const engine = await SchemaEngine.new(
    { datamodels: [["schema.prisma", content]] },
    () => undefined,
    bindMigrationAwareSqlAdapterFactory(new PrismaPg({ connectionString, max: 1 })),
  );
  try {
    const result = await engine.diff({
      from:
        from === null
          ? { tag: "empty" }
          : { tag: "schemaDatamodel", files: [{ path: "schema.prisma", content: from }] },
      to: { tag: "schemaDatamodel", files: [{ path: "schema.prisma", content }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return result.stdout ?? "";
  } finally {
    engine.free();
  }
}
