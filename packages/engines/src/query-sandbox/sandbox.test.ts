import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Principal, QueryLimits, ResultColumn, ResultValue } from "@nova/pipeline-core/access";
import type { DatasetColumn, PiiTag } from "@nova/pipeline-core/catalog";
import type { Logger } from "@nova/pipeline-core/kernel";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { BYPASS_ATTEMPTS } from "./bypass-attempts.ts";
import { Refusal } from "./inspect-tree.ts";
import { openHardenedEngine, inspectSql, SqlMistake } from "./query-engine.ts";
import { openQuerySandbox, type QuerySandbox, type SandboxDataset } from "./index.ts";

// Every query is a process of its own; on a busy machine starting one takes a while.
vi.setConfig({ testTimeout: 60_000 });

const NOW = new Date("2026-11-23T09:00:00Z");
const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const LIMITS: QueryLimits = { rows: 10_000, bytes: 1_000_000, milliseconds: 20_000 };
const analyst: Principal = { userId: "ana", role: "analyst", grants: [] };
const officer: Principal = {
  userId: "priya",
  role: "privacy-officer",
  grants: [{ dataset: "*", columns: null, validUntil: null }],
};
const engineer: Principal = { userId: "dev", role: "data-engineer", grants: [] };

let folder: string;
let lake: string;
let sandbox: QuerySandbox;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nova-sandbox-"));
  lake = join(folder, "lake");
  await writeFile(join(folder, "secret.csv"), "password\nhunter2\n");
  const duckdb = await (await DuckDBInstance.create(":memory:")).connect();
  await duckdb.run(`COPY (SELECT 1 AS x) TO '${folder}/outside.parquet'`);
  await mkdir(lake);
  await duckdb.run(`COPY (
    SELECT i AS order_id, 9007199254740993 + i AS big, (i * 1.10)::DECIMAL(12,2) AS total, 'Customer' || (i % 10) || '@shop.example' AS email, 'PT' AS country,
           TIMESTAMPTZ '2026-11-01 10:00:00.123456+00' + to_hours(i::BIGINT) AS placed_at, DATE '1990-05-17' AS birth_date, (i % 10)::BIGINT AS customer_id, uuid() AS token,
           '{"a": [1, 2]}' AS doc, NULL::VARCHAR AS late_column
      FROM range(5000) t(i)) TO '${lake}/orders.parquet'`);
  const column = (name: string, pii: PiiTag = "none"): DatasetColumn => ({
    name,
    type: "string",
    description: "",
    pii,
  });
  const columns = [
    column("order_id"),
    column("big"),
    column("total"),
    column("email", "direct"),
    column("country", "indirect"),
    column("placed_at", "indirect"),
    column("birth_date", "indirect"),
    column("customer_id", "indirect"),
    column("token", "direct"),
    column("doc"),
  ];
  const orders: SandboxDataset = {
    columns,
    scanSql: `(SELECT * FROM read_parquet('${lake}/orders.parquet'))`,
    columnBytes: new Map([["", 100], ...columns.map(({ name }, index) => [name, 20_000_000 * (index + 1)] as const)]),
  };
  sandbox = openQuerySandbox({
    lakeDir: lake,
    memoryMegabytes: 200,
    maskSalt: "salt of this installation",
    clock: { now: () => NOW },
    logger: silent,
    dataset: async (name) => (name === "curated.orders" || name === "raw.orders_db" ? orders : null),
  });
  sandbox.warmUp();
}, 60_000);

afterAll(async () => {
  await sandbox.close();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  columns: readonly ResultColumn[];
  masked: readonly string[];
  rows: (readonly ResultValue[])[];
  end: unknown;
}

async function run(sql: string, principal: Principal = engineer, limits: QueryLimits = LIMITS): Promise<Answer> {
  const planned = await sandbox.plan(sql, principal);
  const answer: Answer = { columns: [], masked: [], rows: [], end: undefined };
  if ("refused" in planned) return { ...answer, end: { state: "failed", error: planned.refused } };
  answer.end = await planned.run(limits, {
    columns: (columns, masked) => Object.assign(answer, { columns, masked }),
    rows: (rows) => answer.rows.push(...rows),
  });
  return answer;
}

const failure = (kind: string, message: RegExp) => ({
  state: "failed",
  error: { kind, message: expect.stringMatching(message) },
});

describe("a query", () => {
  test("reads a dataset by its name and answers exact values with their types", async () => {
    const { columns, rows, end } = await run(
      "SELECT order_id, big, total, placed_at, doc FROM curated.orders WHERE order_id = 7",
      officer,
    );
    expect(end).toEqual({ state: "succeeded", truncated: null });
    expect(columns).toEqual([
      { name: "order_id", type: "BIGINT" },
      { name: "big", type: "BIGINT" },
      { name: "total", type: "DECIMAL(12,2)" },
      { name: "placed_at", type: "TIMESTAMP WITH TIME ZONE" },
      { name: "doc", type: "VARCHAR" },
    ]);
    expect(rows).toEqual([["7", "9007199254741000", "7.70", "2026-11-01 17:00:00.123456+00", '{"a": [1, 2]}']]);
  });

  test("may use WITH, recursion, windows, subqueries, lists and any case of a name", async () => {
    const sql = `WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3), o AS (SELECT * FROM Curated.ORDERS)
      SELECT i, (SELECT count(*) FROM o WHERE order_id < i) AS c, row_number() OVER (ORDER BY i DESC) AS r, list_transform([i], lambda x: x * 2) AS l
        FROM n, unnest([1]) u(one), generate_series(1, 1) WHERE i IN (SELECT range FROM range(10)) ORDER BY i;`;
    expect((await run(sql)).rows).toEqual([
      [1, "1", "3", [2]],
      [2, "2", "2", [4]],
      [3, "3", "1", [6]],
    ]);
  });

  test("tells a mistake with its place", async () => {
    expect((await run("SELECT 1,\n  FRM x")).end).toMatchObject({
      error: { kind: "invalid-input", at: { line: 2, column: 3 } },
    });
    expect((await run("SELECT 1 FROM curated.orders WHERE (")).end).toMatchObject({
      error: { kind: "invalid-input", at: { line: 1 } },
    });
    expect((await run("SELECT nothing FROM curated.orders")).end).toMatchObject(failure("invalid-input", /nothing/));
  });

  test("names the dataset that is not there, and the layer a role does not read", async () => {
    expect((await run("SELECT * FROM curated.nothing")).end).toMatchObject(failure("not-found", /curated\.nothing/));
    expect((await run("SELECT * FROM raw.orders_db", analyst)).end).toMatchObject(failure("forbidden", /raw/));
    expect((await run("SELECT count(*) FROM raw.orders_db", engineer)).rows).toEqual([["5000"]]);
  });
});

describe("personal columns", () => {
  const sql =
    "SELECT email, token, country, placed_at, birth_date, customer_id, late_column FROM curated.orders WHERE order_id = 1";

  test("are in the clear for someone with a grant, except columns the catalog does not know", async () => {
    const { rows, masked } = await run(sql, officer);
    expect(rows[0]?.slice(0, 1)).toEqual(["Customer1@shop.example"]);
    expect(rows[0]?.slice(2, 6)).toEqual(["PT", "2026-11-01 11:00:00.123456+00", "1990-05-17", "1"]);
    expect(masked).toEqual(["curated.orders.late_column"]);
  });

  test("are masked for everyone else and keep their types", async () => {
    const { rows, columns, masked } = await run(sql, analyst);
    expect(columns.map((column) => column.type)).toEqual([
      "VARCHAR",
      "UUID",
      "VARCHAR",
      "TIMESTAMP WITH TIME ZONE",
      "DATE",
      "BIGINT",
      "VARCHAR",
    ]);
    expect(rows[0]).toEqual([
      expect.stringMatching(/^•••[0-9a-f]{10}$/),
      null,
      "PT",
      "2026-11-01 00:00:00+00",
      "1990-01-01",
      expect.stringMatching(/^\d+$/),
      null,
    ]);
    expect(rows[0]?.[5]).not.toBe("1");
    expect(masked).toContain("curated.orders.email");
  });

  test("that a query does not mention are not named as masked", async () => {
    expect((await run("SELECT count(*), max(Email) FROM curated.orders", analyst)).masked).toEqual([
      "curated.orders.email",
    ]);
  });

  test("cannot be filtered, sorted or matched by their true value", async () => {
    expect((await run("SELECT count(*) FROM curated.orders WHERE email LIKE 'Customer1%'", analyst)).rows).toEqual([
      ["0"],
    ]);
    expect((await run("SELECT count(*) FROM curated.orders WHERE customer_id = 1", analyst)).rows).toEqual([["0"]]);
  });

  test("keep equality, so counting and joining people works", async () => {
    expect(
      (await run("SELECT count(DISTINCT email), count(DISTINCT customer_id) FROM curated.orders", analyst)).rows,
    ).toEqual([["10", "10"]]);
  });

  test("stay masked through a WITH query of the dataset's own name", async () => {
    const { rows } = await run(
      "WITH orders AS (SELECT * FROM curated.orders) SELECT email FROM orders LIMIT 1",
      analyst,
    );
    expect(rows[0]?.[0]).toMatch(/^•••/);
  });

  test("a grant for one column opens that column only, and only while it holds", async () => {
    const withGrant = (validUntil: Date): Principal => ({
      ...analyst,
      grants: [{ dataset: "curated.orders", columns: ["email"], validUntil }],
    });
    expect((await run(sql, withGrant(new Date(NOW.getTime() + 1_000)))).rows[0]?.slice(0, 2)).toEqual([
      "Customer1@shop.example",
      null,
    ]);
    expect((await run(sql, withGrant(NOW))).rows[0]?.[0]).toMatch(/^•••/);
  });
});

describe("caps", () => {
  test("Guardrails_RowLimitExceeded: the result is cut at the row cap and says so", async () => {
    const { rows, end } = await run("SELECT order_id FROM curated.orders", engineer, { ...LIMITS, rows: 2_500 });
    expect(rows).toHaveLength(2_500);
    expect(end).toEqual({ state: "succeeded", truncated: "rows" });
  });

  test("Guardrails_ByteLimitExceeded: the result is cut at the byte cap and says so", async () => {
    const { rows, end } = await run("SELECT repeat('x', 1000) FROM range(5000)", engineer, {
      ...LIMITS,
      bytes: 50_000,
    });
    expect(rows.length).toBeGreaterThan(40);
    expect(rows.length).toBeLessThan(50);
    expect(end).toEqual({ state: "succeeded", truncated: "bytes" });
  });

  test("time: a query that runs too long is ended", async () => {
    const { end } = await run("SELECT count(*) FROM range(100000000) a, range(100000000) b", engineer, {
      ...LIMITS,
      milliseconds: 300,
    });
    expect(end).toMatchObject(failure("query-limit", /longer than 0\.3 s/));
  });

  test("memory: a sort, a join or one huge value beyond the limit ends the query and not the worker", async () => {
    const wide = await run("SELECT count(DISTINCT i || repeat('x', 200)) FROM range(3000000) t(i)");
    expect(wide.end).toMatchObject(failure("query-limit", /memory/));
    const huge = await run("SELECT length(string_agg(repeat('x', 100000000), '')) FROM range(40)");
    expect(huge.end).toMatchObject(failure("query-limit", /memory/));
    expect((await run("SELECT 1")).rows).toEqual([[1]]);
  }, 60_000);

  test("CancelRequest: a running query ends when it is cancelled", async () => {
    const planned = await sandbox.plan("SELECT count(*) FROM range(100000000) a, range(100000000) b", engineer);
    if ("refused" in planned) throw new Error(planned.refused.message);
    const end = planned.run(LIMITS, { columns: () => undefined, rows: () => undefined });
    planned.cancel();
    expect(await end).toEqual({ state: "cancelled" });
  });
});

describe("what must not get through", () => {
  const text = (name: string): string =>
    (BYPASS_ATTEMPTS[name] ?? "").replaceAll("LAKE", lake).replaceAll("FOLDER", folder);

  describe("is refused by what the parser saw", () => {
    let parser: DuckDBConnection;
    beforeAll(async () => {
      parser = await openHardenedEngine({ lakeDir: lake, memoryMegabytes: 100 });
    });
    test.each(Object.keys(BYPASS_ATTEMPTS))("%s", async (name) => {
      const verdict = await inspectSql(parser, text(name)).catch((error: unknown) => error);
      expect(verdict).toSatisfy((error) => error instanceof Refusal || error instanceof SqlMistake);
    });
  });

  test.each([
    "MultiStatement_WriteAfterRead",
    "CopyOutInsideLake",
    "AttachInsideLake",
    "FileAsTable",
    "FileAsWithName",
    "ReadText",
  ])("%s, end to end, and leaves nothing behind", async (name) => {
    const before = await readdir(lake);
    const { end, rows } = await run(text(name), officer);
    expect(rows).toEqual([]);
    expect(end).toMatchObject({ state: "failed", error: { kind: "query-refused" } });
    expect(await readdir(lake)).toEqual(before);
  });

  // Were the parser's verdict ever wrong, the engine itself still must not do it.
  test.each([
    "CopyOut",
    "AttachOutside",
    "InstallExtension",
    "LoadExtension",
    "ReadOnly_SetBlocked",
    "ReadOnly_ResetBlocked",
    "ReadCsv",
    "ReadCsvDotDot",
    "SniffCsv",
    "ReadText",
    "ReadBlob",
  ])("%s, by the engine alone", async (name) => {
    const engine = await openHardenedEngine({ lakeDir: lake, memoryMegabytes: 100 });
    await expect(engine.run(text(name))).rejects.toThrow(
      /disabled|locked|Permission|Cannot|not allowed|file system|settings/i,
    );
    engine.closeSync();
  });

  test("the reason is in plain words and says where", async () => {
    expect((await run("SELECT 1,\n  getvariable('x')")).end).toMatchObject({
      error: {
        kind: "query-refused",
        message: "the function getvariable() is not allowed here",
        at: { line: 2, column: 3 },
      },
    });
    expect((await run("SELECT * FROM 'a.parquet'")).end).toMatchObject(
      failure("query-refused", /"a\.parquet" is not a dataset; write layer\.name/),
    );
    expect((await run("DELETE FROM curated.orders")).end).toMatchObject(
      failure("query-refused", /only a single SELECT/),
    );
    expect((await run("SELECT 1; SELECT 2")).end).toMatchObject(failure("query-refused", /2 statements/));
  });

  test("an engine's message does not name the lake's folder", async () => {
    const { end } = await run("SELECT error_here FROM curated.orders");
    expect(JSON.stringify(end)).not.toContain(lake);
  });
});
