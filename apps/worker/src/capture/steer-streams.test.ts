import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestPlatform, type TestPlatform } from "../testing/test-platform.ts";

/** Command line, worker, order database, metadata and lake, all real. */
describe("people steer one table of a running platform", () => {
  let platform: TestPlatform;
  let orders: pg.Client;

  beforeAll(async () => {
    platform = await startTestPlatform(await mkdtemp(join(tmpdir(), "nova-steer-")));
    orders = new pg.Client({ connectionString: platform.ordersDbUrl });
    await orders.connect();
    await orders.query(
      "CREATE TABLE wares (id int PRIMARY KEY, v text); INSERT INTO wares SELECT n, 'old' FROM generate_series(1, 1000) n; CREATE TABLE others (id int PRIMARY KEY)",
    );
    await platform.startWorker();
    await platform.waitForDataset("raw.orders_db");
  }, 120_000);

  afterAll(async () => {
    await orders?.end();
    await platform?.stop();
    if (platform !== undefined) await rm(platform.folder, { recursive: true, force: true });
  });

  const nova = (...words: string[]): Promise<{ code: number; text: string }> =>
    new Promise((resolve) => {
      const main = join(import.meta.dirname, "../cli/main.ts");
      execFile(process.execPath, [main, "--data-dir", platform.dataDir, ...words], (error, out, err) =>
        resolve({ code: error === null ? 0 : 1, text: `${out}${err}` }),
      );
    });
  const raw = async (stream: string): Promise<string> =>
    (
      await platform.row(
        `SELECT count(*) FILTER (op = 'r') || ' ' || count(*) FILTER (op = 'c') || ' ' || count(*) FILTER (op = 't') FROM raw.orders_db WHERE stream = '${stream}'`,
      )
    )[0] ?? "";
  const rawIs = (stream: string, counts: string): Promise<void> =>
    platform.waitFor(`${counts} in raw of ${stream}`, async () => (await raw(stream)) === counts);

  it("checks the source, pauses a table while others stream, and reads it again on resume", async () => {
    await rawIs("public.wares", "1000 0 0");
    const check = await nova("sources", "check");
    expect(check.text).toContain("Logical decoding");
    expect(check.code).toBe(0);

    expect((await nova("sources", "pause", "orders_db", "public.wares")).text).toContain("asked to pause public.wares");
    // While the first request is open a second one is refused; once it is settled the state speaks.
    await platform.waitFor("the pause", async () =>
      (await nova("sources", "pause", "orders_db", "public.wares")).text.includes("public.wares is paused"),
    );
    await orders.query("INSERT INTO wares VALUES (1001, 'missed'); INSERT INTO others VALUES (1)");
    await rawIs("public.others", "0 1 0");
    expect(await raw("public.wares")).toBe("1000 0 0");

    expect((await nova("sources", "resume", "orders_db", "public.wares", "--json")).text).toContain(
      '"action": "resume"',
    );
    await rawIs("public.wares", "2001 0 1");
    expect((await nova("sources", "resync", "orders_db", "public.nowhere")).text).toContain(
      "has no stream public.nowhere",
    );
  }, 120_000);
});
