import pg from "pg";
import { describe, expect, it } from "vitest";
import { startTestPostgres } from "./index.ts";

describe("a test PostgreSQL", () => {
  it("decodes logically, keeps its data over a restart and goes away", async () => {
    const server = await startTestPostgres();
    const url = await server.createDatabase("kept");
    const ask = async (sql: string): Promise<unknown[]> => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    };
    await ask("CREATE TABLE things AS SELECT 7 AS n");
    await server.restart();
    expect(await ask("SELECT n, current_setting('wal_level') AS level FROM things")).toEqual([
      { n: 7, level: "logical" },
    ]);
    await server.stop();
    await expect(ask("SELECT 1")).rejects.toThrow("ECONNREFUSED");
  });
});
