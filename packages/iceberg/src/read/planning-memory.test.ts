import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { commitChange } from "../commit/commit-change.ts";
import { stageChange } from "../commit/stage.ts";
import { Table } from "../index.ts";
import { CONTENT, type DataFile } from "../manifest/data-file.ts";
import { openTestLakehouse, type TestLakehouse } from "../test-lakehouse.ts";
import { encodeValue } from "../values/bound.ts";

const MANIFESTS = 100;
const FILES_EACH = 800;
/** Half as much again as planning was seen to need on two busy cores; all entries at once do not fit into half as much again. */
const HEAP_MB = 64;

let box: TestLakehouse;
beforeEach(async () => void (box = await openTestLakehouse()));
afterEach(async () => box.close());

/** A file that only planning will look at. */
function fileOf(table: Table, n: number): DataFile {
  const bound = [{ key: 1, value: encodeValue("long", BigInt(n)) }];
  return {
    content: CONTENT.data,
    path: `${table.location}/data/part-${n}.parquet`,
    format: "PARQUET",
    specId: 0,
    partition: [],
    recordCount: 1,
    sizeBytes: 1_000,
    valueCounts: [{ key: 1, value: 1 }],
    nullCounts: [{ key: 1, value: 0 }],
    lower: bound,
    upper: bound,
  };
}

test(`a scan over ${MANIFESTS} manifests of ${FILES_EACH} files each is planned in a heap that could not hold them all`, async () => {
  let table = await box.lakehouse.createTable(
    { namespace: "n", name: "t" },
    { schema: [{ name: "n", type: "long" }], properties: { "commit.manifest-merge.enabled": "false" } },
  );
  for (let manifest = 0; manifest < MANIFESTS; manifest += 1) {
    const { context, state } = Table.internals(table);
    const addedDataFiles = Array.from({ length: FILES_EACH }, (_, index) =>
      fileOf(table, manifest * FILES_EACH + index),
    );
    const staged = stageChange(context, state, { operation: "append", concurrency: "always", addedDataFiles });
    await commitChange(context, staged, {});
    table = await table.refresh();
  }
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${HEAP_MB}`,
    new URL("./planning-process.ts", import.meta.url).pathname,
    box.folder,
    table.metadataLocation,
  ]);
  expect(stdout.trim()).toBe("1");
}, 60_000);
