import { afterAll, beforeAll, expect, test } from "vitest";
import type { Table } from "../index.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
beforeAll(async () => {
  box = await openTestLakehouse();
  const leg = {
    type: "struct" as const,
    fields: [
      { name: "port", type: "string", required: true },
      { name: "days", type: "int" },
    ],
  };
  table = await box.lakehouse.createTable(
    { namespace: "n", name: "shipments" },
    {
      schema: [
        { name: "id", type: "long", required: true },
        { name: "origin", type: { type: "struct", fields: [{ name: "note", type: "string" }] }, required: true },
        { name: "address", type: { type: "struct", fields: [{ name: "city", type: "string", required: true }] } },
        { name: "legs", type: { type: "list", element: leg, elementRequired: true } },
        {
          name: "rates",
          type: {
            type: "map",
            key: "string",
            value: { type: "list", element: "double", elementRequired: true },
            valueRequired: true,
          },
        },
      ],
      key: ["id"],
    },
  );
});
afterAll(async () => box.close());

const FULL: Record<string, string> = {
  origin: "{'note': NULL}",
  address: "NULL",
  legs: "[{'port': 'Ghent', 'days': NULL}, {'port': 'Aarhus', 'days': 2}]",
  rates: "MAP {'eur': [1.5, 2.5], 'usd': []}",
};
const row = (change: Record<string, string>): string =>
  `SELECT 1 AS id, ${Object.entries({ ...FULL, ...change })
    .map(([name, value]) => `${value} AS ${name}`)
    .join(", ")}`;

test("rows whose optional parts are missing, and empty lists and maps, are written and read back", async () => {
  const rows = [row({}), row({ legs: "[]", rates: "MAP {}" }), row({ legs: "NULL", rates: "NULL" })];
  const staged = await table.stageAppend({ connection: box.connection, query: rows.join(" UNION ALL ") });
  const { table: written } = await box.lakehouse.commit(staged);
  expect(await box.rows(written.scan({ columns: ["legs"] }))).toHaveLength(3);
});

test.each([
  ["origin", "NULL::STRUCT(note VARCHAR)", "origin"],
  ["address", "{'city': NULL::VARCHAR}", "address.city"],
  ["legs", "[{'port': 'Ghent', 'days': 1}, NULL]", "legs.element"],
  ["legs", "[{'port': 'secret', 'days': 1}, {'port': NULL, 'days': 1}]", "legs.element.port"],
  ["rates", "MAP {'secret': NULL::DOUBLE[]}", "rates.value"],
  ["rates", "MAP {'secret': [1.0, NULL]}", "rates.value.element"],
])("a row whose %s is %s is refused by the name of the part that is missing", async (column, value, part) => {
  const query = `${row({})} UNION ALL ${row({ [column]: value })}`;
  for (const stage of [
    async () => table.stageAppend({ connection: box.connection, query }),
    async () => table.stageMerge({ connection: box.connection, query: row({ [column]: value }), key: ["id"] }),
  ]) {
    const refused = await stage().catch((error: unknown) => error);
    expect(refused).toMatchObject({ kind: "schema-mismatch", detail: { column: part } });
    expect(String(refused)).not.toContain("secret");
  }
});
