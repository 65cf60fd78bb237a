import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureJdbcTables, jdbcCatalog } from "@nova/iceberg/catalogs/jdbc";
import type { Logger } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FilledTable, openLakeWriter } from "./lake-writer.ts";
import { openLakeEngine } from "./open-lake-engine.ts";

const DATASET = "curated.people";
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

let server: TestPostgres;
let folder: string;
let engine: LakeEngine;
const pools: pg.Pool[] = [];

/** Makes an environment of one dataset. */
async function environment(name: string, people: FilledTable) {
  const databaseUrl = await server.createDatabase(name);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  // The server is stopped while they wait.
  pool.on("error", () => undefined);
  pools.push(pool);
  await ensureJdbcTables(pool);
  const lakeDir = join(folder, name);
  const writer = await openLakeWriter(jdbcCatalog({ pool, catalogName: "nova" }), {
    lakeDir,
    tempDir: join(folder, `${name}-fill`),
  });
  await writer.fill(DATASET, people);
  writer.close();
  return { name, databaseUrl, lakeDir, pool };
}

beforeAll(async () => {
  server = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), "nova-environments-"));
  // The columns came in another order there: field ids mean something else.
  const staging = await environment("staging", {
    columns: { email: "string", id: "long", old: "int" },
    key: ["id"],
    queries: ["SELECT 'p' || n || '@shop.example' AS email, n AS id, 1::INTEGER AS old FROM range(1, 101) t(n)"],
  });
  const here = await environment("here", {
    columns: { id: "long", email: "string", city: "string" },
    key: ["id"],
    queries: [
      "SELECT n AS id, CASE WHEN n = 7 THEN 'seven@shop.example' ELSE 'p' || n || '@shop.example' END AS email, 'Bonn' AS city FROM range(2, 104) t(n)",
    ],
  });
  engine = await openLakeEngine({
    lakeDir: here.lakeDir,
    pool: here.pool,
    tempDir: join(folder, "temp"),
    memoryLimit: "300MB",
    threads: 2,
    clock: { now: () => new Date() },
    logger: silent,
    contracts: {},
    environments: [staging, { name: "gone", databaseUrl: "postgres://nova:hush@127.0.0.1:1/nova", lakeDir: folder }],
  });
}, 120_000);
afterAll(async () => {
  await engine.close();
  for (const pool of pools) await pool.end();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test("a dataset is put beside the one of another environment, by name of column, masked, and nothing is written there", async () => {
  const before = await readdir(join(folder, "staging"), { recursive: true });
  const summary = await engine.diffEnvironments({ dataset: DATASET, environment: "staging" });
  expect(summary).toMatchObject({
    environment: "staging",
    snapshots: { before: { rows: 100 }, after: { rows: 102 } },
    key: ["id"],
    rowsToRead: 202,
    schema: { added: [{ name: "city" }], dropped: [{ name: "old" }], changed: [], replaced: [] },
  });
  const diff = await engine.diffRows({
    dataset: DATASET,
    environment: "staging",
    before: summary.before,
    after: summary.after,
    tags: { id: "none", email: "direct", city: "none" },
    maskSalt: "salt",
    signal: new AbortController().signal,
    onPhase: () => undefined,
  });
  expect(diff).toMatchObject({ by: "key", onlyBefore: 1, onlyAfter: 3, both: 99, equal: 98 });
  expect(diff.columns).toMatchObject([{ name: "email", different: 1, masked: true }]);
  expect(diff.samplesOnlyBefore).toEqual([["1"]]);
  expect(JSON.stringify(diff)).not.toContain("@");
  expect(await readdir(join(folder, "staging"), { recursive: true })).toEqual(before);
});

test("an environment nobody configured, one that does not answer and a dataset that is not there are told apart, without a secret", async () => {
  const ask = (environment: string, dataset = DATASET) => engine.diffEnvironments({ dataset, environment });
  await expect(ask("production")).rejects.toMatchObject({
    kind: "invalid-input",
    message: "production is no environment to compare with: configured are staging, gone",
  });
  await expect(ask("gone")).rejects.toMatchObject({
    kind: "metadata-unreachable",
    message: "The metadata database of environment gone does not answer, or may not be read.",
  });
  await expect(ask("staging", "curated.nothing")).rejects.toMatchObject({ kind: "not-found" });
});
