import { readFile } from "node:fs/promises";
import { icebergRead } from "icebird";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";
import { readContainer } from "./avro-container.ts";

let box: TestLakehouse;
const id = { namespace: "raw", name: "events" };
beforeEach(async () => {
  box = await openTestLakehouse();
});
afterEach(async () => box.close());

interface AvroField {
  name: string;
  type: unknown;
  "field-id"?: number;
}
/** Every record of an Avro schema by name, with its fields. */
function records(schema: unknown, into = new Map<string, AvroField[]>()): Map<string, AvroField[]> {
  if (Array.isArray(schema)) for (const part of schema) records(part, into);
  else if (typeof schema === "object" && schema !== null) {
    const node = schema as { type?: unknown; name?: string; fields?: AvroField[]; items?: unknown };
    if (node.fields && node.name) into.set(node.name, node.fields);
    for (const field of node.fields ?? []) records(field.type, into);
    if (node.items !== undefined) records(node.items, into);
    if (typeof node.type === "object") records(node.type, into);
  }
  return into;
}
const pathOf = (location: string): string => location.replace("file://", "");

test("manifests and lists carry the key-values, record names and field ids that other engines insist on", async () => {
  const { lakehouse, connection } = box;
  const created = await lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "long" },
      { name: "day of", type: "date" },
    ],
    partitionBy: [{ column: "day of", transform: "identity" }],
  });
  const { table, snapshotId } = await lakehouse.commit(
    await created.stageAppend({ connection, query: "SELECT 1 AS id, DATE '2026-01-01' AS \"day of\"" }),
  );
  const listBytes = await readFile(pathOf(table.metadata.snapshots[0]?.["manifest-list"] as string));
  const list = readContainer(listBytes, "list", (schema) => schema);
  expect(list.meta).toMatchObject({
    "format-version": "2",
    "snapshot-id": String(snapshotId),
    "parent-snapshot-id": "null",
    "sequence-number": "1",
    "avro.codec": "deflate",
  });
  const listSchema = JSON.parse(list.meta["avro.schema"] as string);
  expect([...records(listSchema).keys()]).toEqual(["manifest_file", "r508"]);
  const ids = records(listSchema)
    .get("manifest_file")
    ?.map((field) => field["field-id"]);
  expect(ids).toEqual([500, 501, 502, 517, 515, 516, 503, 504, 505, 506, 512, 513, 514, 507, 519]);
  for (const field of records(listSchema).get("manifest_file")?.slice(0, 13) ?? [])
    expect(Array.isArray(field.type), `${field.name} is required`).toBe(false);

  const manifest = readContainer(
    await readFile(pathOf(list.records[0]?.["manifest_path"] as string)),
    "manifest",
    (schema) => schema,
  );
  expect(manifest.meta).toMatchObject({
    "format-version": "2",
    content: "data",
    "partition-spec-id": "0",
    "schema-id": "0",
  });
  expect(JSON.parse(manifest.meta["partition-spec"] as string)).toEqual([
    { name: "day of", transform: "identity", "source-id": 2, "field-id": 1000 },
  ]);
  expect(JSON.parse(manifest.meta["schema"] as string)).toEqual(table.metadata.schemas[0]);
  const schema = JSON.parse(manifest.meta["avro.schema"] as string);
  const found = records(schema);
  expect([...found.keys()].filter((name) => !name.startsWith("k"))).toEqual(["manifest_entry", "r2", "r102"]);
  expect([...found.keys()].filter((name) => name.startsWith("k"))).toEqual([
    "k117_v118",
    "k119_v120",
    "k121_v122",
    "k138_v139",
    "k126_v127",
    "k129_v130",
  ]);
  expect(found.get("r102")?.[0]).toMatchObject({ name: "day_x20of", "field-id": 1000 });
  for (const fields of found.values())
    for (const field of fields) expect(field["field-id"], field.name).toEqual(expect.any(Number));
  expect(manifest.records[0]).toMatchObject({ status: 1, sequence_number: null, file_sequence_number: null });
  expect(BigInt(manifest.records[0]?.["snapshot_id"] as bigint)).toBe(snapshotId);
});

test("a second reader from npm reads our table with its position deletes", async () => {
  const { lakehouse, connection } = box;
  let table = await lakehouse.createTable(id, {
    schema: [
      { name: "id", type: "int" },
      { name: "name", type: "string" },
    ],
  });
  ({ table } = await lakehouse.commit(
    await table.stageAppend({ connection, query: "SELECT i AS id, 'n' || i AS name FROM range(6) t(i)" }),
  ));
  ({ table } = await lakehouse.commit(
    await table.stageMerge({
      connection,
      query: "SELECT 2 AS id, 'two' AS name, false AS gone UNION ALL SELECT 4, NULL, true",
      key: ["id"],
      deleteColumn: "gone",
    }),
  ));
  const realFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const bytes = await readFile(pathOf(String(input instanceof Request ? input.url : input)));
    const range = /bytes=(\d+)-(\d*)/.exec(new Headers(init?.headers).get("range") ?? "");
    const part = range ? bytes.subarray(Number(range[1]), range[2] ? Number(range[2]) + 1 : undefined) : bytes;
    return new Response(init?.method === "HEAD" ? null : new Uint8Array(part), {
      status: range ? 206 : 200,
      headers: { "content-length": String(init?.method === "HEAD" ? bytes.length : part.length) },
    });
  };
  try {
    const rows = (await icebergRead({
      tableUrl: table.location,
      metadataFileName: table.metadataLocation.split("/").at(-1) as string,
    })) as { id: number; name: string }[];
    expect(rows.map((row) => `${row.id} ${row.name}`).toSorted()).toEqual(["0 n0", "1 n1", "2 two", "3 n3", "5 n5"]);
  } finally {
    globalThis.fetch = realFetch;
  }
});
