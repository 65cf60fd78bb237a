import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "vitest";
import { type Lake, withConnection, withScratch } from "./lake.ts";

const ENDLESS = "SELECT count(*) FROM range(2000000000) a (x), range(2000000000) b (y) WHERE x * y % 7 = 3";

describe("work on a connection that is cancelled", () => {
  it.each([
    ["between two statements", withConnection],
    ["between two statements of a scratch database", withScratch],
  ])("%s does not run the next one to its end, and leaves nothing behind", async (_name, give) => {
    const instance = await DuckDBInstance.create(":memory:");
    const lake = { instance, nextNumber: () => 1 } as Partial<Lake> as Lake;
    const cancel = new AbortController();
    const work = give(
      lake,
      async (connection) => {
        await connection.run("SELECT 1");
        cancel.abort();
        await connection.run(ENDLESS);
      },
      cancel.signal,
    );
    await expect(work).rejects.toMatchObject({ kind: "cancelled" });
    const databases = await withConnection(lake, async (connection) => {
      const reader = await connection.runAndReadAll("SELECT database_name FROM duckdb_databases() WHERE NOT internal");
      return reader.getRows();
    });
    expect(databases).toEqual([["memory"]]);
    instance.closeSync();
  });
});
