import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate, pendingMigrations, readMigrations } from "./migrate.ts";
import { startTestPostgres, type TestPostgres } from "@nova/test-postgres";
import { schemaScript } from "./testing/schema-script.ts";

let server: TestPostgres;
beforeAll(async () => {
  server = await startTestPostgres();
}, 60_000);
afterAll(() => server.stop());

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Tables with their columns, indexes and keys as PostgreSQL describes them; what only SQL can say (checks, triggers, partial and covering indexes) is left out. */
const DESCRIBE = `
  SELECT format('%s.%s %s%s default %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
                CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, coalesce(pg_get_expr(d.adbin, d.adrelid), '-')) AS line
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
   WHERE c.relkind = 'r' AND c.relname <> '_prisma_migrations'
  UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '_prisma_migrations' AND indexdef !~ ' (WHERE|INCLUDE) '
  UNION ALL SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace AND contype = 'f'
  ORDER BY 1`;

describe("migrations", () => {
  test("lead to exactly what the schema says", async () => {
    const migrated = await server.createDatabase("migrated");
    const declared = await server.createDatabase("declared");
    await migrate(migrated);
    await withClient(declared, async (client) => client.query(await schemaScript(declared, null)));
    const lines = (url: string) =>
      withClient(url, async (client) => (await client.query<{ line: string }>(DESCRIBE)).rows.map((row) => row.line));
    const expected = await lines(declared);
    expect(expected.length).toBeGreaterThan(200);
    expect(await lines(migrated)).toEqual(expected);
  });

  test("keep what a running platform has on record", async () => {
    const url = await server.createDatabase("older");
    const [first] = await readMigrations();
    await migrate(url, first === undefined ? [] : [first]);
    const id = "019a0000-0000-7000-8000-000000000001";
    await withClient(url, async (client) => {
      await client.query(
        "INSERT INTO runs (id, pipeline, trigger, state, created_at) VALUES ($1, 'sales', 'target-lag', 'failed', now())",
        [id],
      );
      await client.query(
        "INSERT INTO steps (run_id, dataset, ordinal, state, reason, waiting_since) VALUES ($1, 'curated.orders', 0, 'failed', 'r', now())",
        [id],
      );
    });
    await migrate(url);
    const kept = await withClient(url, (client) =>
      client.query("SELECT r.state, r.retry_of, s.inputs_before FROM runs r JOIN steps s ON s.run_id = r.id"),
    );
    expect(kept.rows).toEqual([{ state: "failed", retry_of: null, inputs_before: null }]);
  });

  test("apply once when two start at the same moment, and not again", async () => {
    const url = await server.createDatabase("raced");
    const reports = await Promise.all([migrate(url), migrate(url)]);
    const applied = reports.flatMap((report) => report.applied);
    expect(applied).toHaveLength(reports[0]?.total ?? -1);
    expect((await migrate(url)).applied).toEqual([]);
  });

  test("a failing migration leaves nothing behind and names itself", async () => {
    const url = await server.createDatabase("failing");
    const broken = { name: "20990101000000_breaks", sql: "CREATE TABLE half (id int); SELECT 1/0;", checksum: "x" };
    await expect(migrate(url, [broken])).rejects.toMatchObject({
      kind: "internal",
      message: expect.stringContaining("20990101000000_breaks"),
    });
    const { rows } = await withClient(url, (client) => client.query("SELECT to_regclass('half') AS half"));
    expect(rows).toEqual([{ half: null }]);
  });

  test("a server that does not answer is said plainly", async () => {
    await expect(migrate("postgres://nova:secret@127.0.0.1:1/nova")).rejects.toMatchObject({
      kind: "metadata-unreachable",
      message: expect.not.stringContaining("secret"),
    });
  });
});

describe("pending migrations", () => {
  const known = [
    { name: "1_a", checksum: "a" },
    { name: "2_b", checksum: "b" },
  ];

  test("are those the database has not seen", () => {
    expect(pendingMigrations(known, [{ name: "1_a", checksum: "a" }])).toEqual([known[1]]);
  });

  test("a database newer than the code is refused", () => {
    expect(() => pendingMigrations(known, [{ name: "3_c", checksum: "c" }])).toThrow(/newer than this version.*3_c/);
  });

  test("an applied migration that was edited is refused", () => {
    expect(() => pendingMigrations(known, [{ name: "1_a", checksum: "other" }])).toThrow(/1_a was edited/);
  });
});

describe("the audit", () => {
  test("takes entries and refuses to change or forget them", async () => {
    const url = await server.createDatabase("audit");
    await migrate(url);
    await withClient(url, async (client) => {
      await client.query(
        "INSERT INTO audit_entries (id, at, actor, action, resource) VALUES (gen_random_uuid(), now(), 'ana', 'query.run', 'curated.orders')",
      );
      for (const change of [
        "UPDATE audit_entries SET actor = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
      ])
        await expect(client.query(change)).rejects.toThrow(/append-only/);
    });
  });
});
