import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Table } from "./index.ts";
import { parseMetadata } from "./metadata/metadata-json.ts";
import { openTestLakehouse, type TestLakehouse } from "./test-lakehouse.ts";

let box: TestLakehouse;
let table: Table;
const id = { namespace: "raw", name: "events" };
beforeEach(async () => {
  box = await openTestLakehouse();
  table = await box.lakehouse.createTable(id, { schema: [{ name: "n", type: "int" }] });
  for (const n of [1, 2])
    ({ table } = await box.lakehouse.commit(
      await table.stageAppend({ connection: box.connection, query: `SELECT ${n} AS n` }),
    ));
});
afterEach(async () => box.close());

const pathOf = (location: string): string => location.replace("file://", "");
const text = async (): Promise<string> => readFile(pathOf(table.metadataLocation), "utf8");
interface RawSnapshot {
  "snapshot-id": string;
  summary: object;
}
/** As much of the file's shape as the damage needs. */
interface RawMetadata {
  schemas: [{ fields: [object] }];
  snapshots: [RawSnapshot, RawSnapshot];
  refs: object;
}
const edited = async (change: (json: RawMetadata) => void): Promise<Buffer> => {
  const json = JSON.parse(
    (await text()).replace(/("(?:snapshot-id|parent-snapshot-id|current-snapshot-id)":)(\d+)/g, '$1"$2"'),
  );
  change(json);
  return Buffer.from(JSON.stringify(json));
};

test.each<[string, (json: RawMetadata) => void, string, string]>([
  [
    "format version 3",
    (json) => Object.assign(json, { "format-version": 3 }),
    "unsupported-version",
    "format version 3",
  ],
  ["no location", (json) => Reflect.deleteProperty(json, "location"), "metadata-invalid", "location"],
  [
    "a schema of unknown type",
    (json) => Object.assign(json.schemas[0].fields[0], { type: "varint" }),
    "schema-mismatch",
    "varint",
  ],
  [
    "a current schema that is not there",
    (json) => Object.assign(json, { "current-schema-id": 9 }),
    "metadata-invalid",
    "current-schema-id",
  ],
  [
    "a current snapshot that is not there",
    (json) => Object.assign(json, { "current-snapshot-id": 9 }),
    "metadata-invalid",
    "current-snapshot-id",
  ],
  [
    "a ref that leads nowhere",
    (json) => Object.assign(json.refs, { tag: { "snapshot-id": 5, type: "tag" } }),
    "metadata-invalid",
    "tag",
  ],
  [
    "parents in a circle",
    (json) => Object.assign(json.snapshots[0], { "parent-snapshot-id": json.snapshots[1]["snapshot-id"] }),
    "metadata-invalid",
    "circle",
  ],
  [
    "a snapshot without operation",
    (json) => Reflect.deleteProperty(json.snapshots[0].summary, "operation"),
    "metadata-invalid",
    "snapshots.0.summary",
  ],
])("metadata with %s is refused, naming file and field", async (_what, change, kind, named) => {
  const bytes = await edited(change);
  expect(() => parseMetadata(bytes, "file:///m.json")).toThrow(
    expect.objectContaining({ kind, message: expect.stringContaining(named) }),
  );
});

test("truncated metadata, manifests and lists are refused at every length tried", async () => {
  const bytes = await readFile(pathOf(table.metadataLocation));
  for (const length of [0, 1, bytes.length >> 1, bytes.length - 1])
    expect(() => parseMetadata(bytes.subarray(0, length), "m")).toThrow(
      expect.objectContaining({ kind: "metadata-invalid" }),
    );
  const list = pathOf(table.metadata.snapshots[1]?.["manifest-list"] as string);
  const whole = await readFile(list);
  for (const length of [0, 3, 40, whole.length >> 1, whole.length - 1]) {
    await writeFile(list, whole.subarray(0, length));
    const stranger = await box.stranger().loadTable(id);
    await expect(stranger.scan().toSql(), `${length} bytes`).rejects.toMatchObject({
      kind: "manifest-invalid",
      detail: { location: `file://${list}` },
    });
  }
});

test("a missing manifest and a manifest with other counts than its list are named", async () => {
  const folder = `${pathOf(table.location)}/metadata`;
  const manifests = (await readdir(folder)).filter((name) => name.endsWith("-m0.avro"));
  const [first, second] = await Promise.all(manifests.map(async (name) => readFile(`${folder}/${name}`)));
  await rm(`${folder}/${manifests[0]}`);
  await expect((await box.stranger().loadTable(id)).scan().toSql()).rejects.toMatchObject({
    kind: "file-missing",
    message: expect.stringContaining(manifests[0] as string),
  });
  await writeFile(
    `${folder}/${manifests[0]}`,
    (first as Buffer).subarray(0, (first as Buffer).indexOf(Buffer.from("deflate")) + 7),
  );
  await expect((await box.stranger().loadTable(id)).scan().toSql()).rejects.toMatchObject({ kind: "manifest-invalid" });
  expect(second).toBeDefined();
});

test("metadata that points outside of the storage is not followed", async () => {
  const bytes = (await text()).replaceAll(table.location, "file:///etc");
  await writeFile(pathOf(table.metadataLocation), bytes);
  await expect((await box.stranger().loadTable(id)).scan().toSql()).rejects.toMatchObject({
    kind: "path-outside-storage",
  });
});
