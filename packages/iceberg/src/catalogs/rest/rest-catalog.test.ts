import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance, type DuckDBConnection } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  executeCompaction,
  executeExpireSnapshots,
  openLakehouse,
  planCompaction,
  planExpireSnapshots,
  type Lakehouse,
  type Table,
} from "../../index.ts";
import { folderStorage } from "../../storage/folder/index.ts";
import { catalogContract } from "../catalog-contract.ts";
import { memoryCatalog } from "../memory/index.ts";
import { bearerAuth, restCatalog, type RestCatalog, type RestCatalogOptions } from "./index.ts";
import { startRestFacade, type RestFacade } from "./testing/rest-facade.ts";

const quick = { wait: async () => undefined, random: () => 0 };

catalogContract("REST over HTTP", async () => {
  const folder = await mkdtemp(join(tmpdir(), "iceberg-rest-"));
  const facade = await startRestFacade({
    catalog: memoryCatalog(),
    storage: folderStorage(folder),
    warehouse: `file://${folder}`,
    prefix: "catalogs/123456789012",
    maxPage: 3,
  });
  return {
    catalog: restCatalog({ uri: facade.uri, warehouse: "123456789012" }),
    warehouse: `file://${folder}`,
    close: async () => {
      await facade.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

let folder: string;
let facade: RestFacade;
let catalog: RestCatalog;
let lakehouse: Lakehouse;
let duckdb: DuckDBInstance;
let connection: DuckDBConnection;
const id = { namespace: "curated", name: "orders" };
const schema = [
  { name: "id", type: "long" },
  { name: "v", type: "string" },
];
const open = (options: Partial<RestCatalogOptions> = {}): Lakehouse => {
  catalog = restCatalog({ uri: facade.uri, ...quick, ...options });
  return openLakehouse({ catalog, storage: folderStorage(folder), duckdb, warehouse: folder, wait: quick.wait });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "iceberg-rest-"));
  facade = await startRestFacade({
    catalog: memoryCatalog(),
    storage: folderStorage(folder),
    warehouse: `file://${folder}`,
    tableConfig: { "s3.endpoint": "http://files" },
    authorise: (request) => (request.headers.authorization === "Bearer wrong" ? 401 : null),
  });
  duckdb = await DuckDBInstance.create(":memory:");
  connection = await duckdb.connect();
  lakehouse = open();
});
afterEach(async () => {
  connection.closeSync();
  await facade.close();
  await rm(folder, { recursive: true, force: true });
});
const rows = async (table: Table): Promise<unknown[]> =>
  (await connection.runAndReadAll(`SELECT * FROM ${await table.scan().toSql()} ORDER BY id`)).getRowObjectsJson();
const append = (table: Table, n: number): ReturnType<Table["stageAppend"]> =>
  table.stageAppend({ connection, query: `SELECT ${n} AS id, 'a' AS v` });
const isCommit = (method: string, path: string): boolean => method === "POST" && path.endsWith("/tables/orders");

test("create, append, merge, evolve, compact, expire and drop: the service's table has every step", async () => {
  let table = await lakehouse.createTable(id, { schema, key: ["id"], properties: { owner: "data" } });
  for (let n = 1; n <= 3; n += 1) ({ table } = await lakehouse.commit(await append(table, n)));
  const merge = await table.stageMerge({ connection, query: "SELECT 2 AS id, 'm' AS v", key: ["id"] });
  ({ table } = await lakehouse.commit(merge));
  table = await table.updateSchema().addColumn("extra", "int").renameColumn("v", "w").commit();
  table = await table.setProperties({ owner: null, purpose: "test" });
  ({ table } = await executeCompaction(table, await planCompaction(table, { minInputFiles: 2 }), { connection }));
  const plan = await planExpireSnapshots(table, { olderThan: Date.now() + 1000, keepLast: 1 });
  ({ table } = await executeExpireSnapshots(table, plan));
  const stranger = await open().loadTable(id);
  expect(await rows(stranger)).toEqual([
    { id: "1", w: "a", extra: null },
    { id: "2", w: "m", extra: null },
    { id: "3", w: "a", extra: null },
  ]);
  expect(stranger.properties).toEqual({ purpose: "test" });
  expect(stranger.history.snapshots).toHaveLength(1);
  expect(stranger.metadataLocation).toBe(table.metadataLocation);
  expect((await catalog.load(id))?.config).toMatchObject({ "s3.endpoint": "http://files" });
  expect(await lakehouse.dropTable(id, { purge: true })).toBe(true);
  const left = [];
  for await (const file of folderStorage(folder).list(folder)) left.push(file);
  expect(left).toEqual([]);
});

test("commits of lakehouses that do not know of each other all get in", async () => {
  const table = await lakehouse.createTable(id, { schema, key: ["id"] });
  const others = [lakehouse, open(), open(), open()];
  const staged = [];
  for (const n of others.keys()) staged.push(await append(table, n));
  await Promise.all(staged.map(async (change, index) => others[index]?.commit(change)));
  expect(await rows(await open().loadTable(id))).toHaveLength(4);
});

test("work in a commit is refused, and runs after it when the catalog was opened for that", async () => {
  const table = await lakehouse.createTable(id, { schema, key: ["id"] });
  const within = async (): Promise<void> => void ran.push("work");
  const ran: string[] = [];
  await expect(lakehouse.commit(await append(table, 1), { within })).rejects.toMatchObject({
    kind: "unsupported-feature",
    message: expect.stringContaining("runAfterCommit"),
  });
  expect((await table.refresh()).currentSnapshotId).toBeNull();
  const after = open({
    runAfterCommit: async (work) => {
      expect((await catalog.load(id))?.metadata.snapshots).toHaveLength(1 + ran.length);
      await work({ query: async () => ({ rows: [], rowCount: 0 }) });
    },
  });
  await after.commit(await append(await after.loadTable(id), 1), { within });
  expect(ran).toEqual(["work"]);
  const failing = after.commit(await append(await after.loadTable(id), 2), {
    within: async () => Promise.reject(new Error("position has moved")),
  });
  await expect(failing).rejects.toMatchObject({ kind: "work-after-commit-failed" });
  expect(await rows(await after.loadTable(id))).toHaveLength(2);
});

test.each([
  { kind: "lost-answer" },
  { kind: "lost-answer", status: 502 },
  { kind: "lost-answer", status: 500 },
] as const)("a commit whose answer was lost ($status) is found in the table and not made twice", async (fault) => {
  const table = await lakehouse.createTable(id, { schema, key: ["id"] });
  const staged = await append(table, 1);
  facade.fail(isCommit, fault);
  const done = await lakehouse.commit(staged);
  expect(done.table.history.snapshots).toHaveLength(1);
  expect(await rows(done.table)).toEqual([{ id: "1", v: "a" }]);
});

test("a service that was busy after all, and had committed, is not mistaken for a lost race", async () => {
  const table = await lakehouse.createTable(id, { schema, key: ["id"] });
  const staged = await append(table, 1);
  facade.fail(isCommit, { kind: "lost-answer", status: 503, headers: { "retry-after": "1" } });
  const done = await lakehouse.commit(staged);
  expect(done.table.history.snapshots).toHaveLength(1);
  expect(await rows(await open().loadTable(id))).toHaveLength(1);
});

test("when the request may still be on its way the outcome stays unknown and no file is deleted", async () => {
  const table = await lakehouse.createTable(id, { schema, key: ["id"] });
  const staged = await append(table, 1);
  facade.fail(isCommit, { kind: "answer", status: 504 });
  await expect(lakehouse.commit(staged)).rejects.toMatchObject({ kind: "commit-state-unknown" });
  const lists = [];
  for await (const file of folderStorage(folder).list(folder)) if (/snap-/.test(file.location)) lists.push(file);
  expect(lists).toHaveLength(1);
});

test("a busy service is asked again, and not for ever", async () => {
  await lakehouse.createTable(id, { schema });
  const loads = (method: string, path: string): boolean => method === "GET" && path.endsWith("/tables/orders");
  for (const status of [429, 503, 502]) facade.fail(loads, { kind: "answer", status });
  facade.fail(loads, { kind: "reset" });
  expect(await open().loadTable(id)).toBeDefined();
  for (let n = 0; n < 5; n += 1) facade.fail(loads, { kind: "answer", status: 429, headers: { "retry-after": "3" } });
  const waits: number[] = [];
  await expect(open({ wait: async (ms) => void waits.push(ms) }).loadTable(id)).rejects.toMatchObject({
    kind: "throttled",
  });
  expect(waits).toEqual([3000, 3000, 3000, 3000]);
});

test.each([
  [401, "access-denied"],
  [403, "access-denied"],
  [400, "invalid-input"],
  [406, "unsupported-feature"],
  [500, "catalog-failed"],
])("an answer of %i is an error of its own kind", async (status, kind) => {
  facade.fail(() => true, { kind: "answer", status });
  await expect(catalog.listNamespaces()).rejects.toMatchObject({ kind, detail: { status } });
});

test("a refused token, a wrong address and a silent host are told apart, and no token is in a message", async () => {
  const refused = await restCatalog({ uri: facade.uri, auth: bearerAuth("wrong") })
    .listNamespaces()
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ kind: "access-denied" });
  expect(JSON.stringify([String(refused), (refused as { detail: unknown }).detail])).not.toContain("wrong");
  await expect(restCatalog({ uri: `${facade.uri}/elsewhere`, ...quick }).listNamespaces()).rejects.toMatchObject({
    kind: "catalog-failed",
    message: expect.stringContaining("check uri"),
  });
  await expect(restCatalog({ uri: "http://127.0.0.1:1", ...quick }).listNamespaces()).rejects.toMatchObject({
    kind: "catalog-failed",
  });
});

test("namespaces are made, described, changed and dropped when empty", async () => {
  await catalog.createNamespace("raw", { owner: "data", old: "x" });
  await catalog.updateNamespace("raw", { owner: "platform", old: null });
  expect(await catalog.loadNamespace("raw")).toEqual({ owner: "platform" });
  expect(await catalog.namespaceExists("raw")).toBe(true);
  await lakehouse.createTable({ namespace: "raw", name: "t" }, { schema });
  expect(await catalog.tableExists({ namespace: "raw", name: "t" })).toBe(true);
  await expect(catalog.dropNamespace("raw")).rejects.toMatchObject({ kind: "invalid-input" });
  await lakehouse.dropTable({ namespace: "raw", name: "t" });
  expect(await catalog.dropNamespace("raw")).toBe(true);
  expect(await catalog.dropNamespace("raw")).toBe(false);
  expect(await catalog.namespaceExists("raw")).toBe(false);
  await expect(catalog.loadNamespace("raw")).rejects.toMatchObject({ kind: "namespace-not-found" });
});
