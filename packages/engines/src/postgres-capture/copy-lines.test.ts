import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readCopied } from "../duckdb/testing.ts";
import { copiedFile } from "./copied-file.ts";
import { copyLineReader } from "./copy-lines.ts";
import { copyRowReader } from "./copy-rows.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nova-copy-lines-"));
});
afterAll(() => rm(folder, { recursive: true }));

const ESCAPES: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\v": "\\v",
  "\f": "\\f",
  "\r": "\\r",
  "\\": "\\\\",
};

/** A value as COPY's text format prints it (PostgreSQL manual, COPY, "Text Format"). */
function printed(value: Uint8Array | null): Buffer {
  if (value === null) return Buffer.from("\\N");
  const bytes = Buffer.from(value).toString("latin1");
  return Buffer.from(
    bytes.replaceAll(/[\b\t\n\v\f\r\\]/g, (byte) => ESCAPES[byte] ?? ""),
    "latin1",
  );
}

function lineOf(values: readonly (Uint8Array | null)[]): Buffer {
  return Buffer.concat([
    ...values.flatMap((value, at) => [Buffer.from(at === 0 ? "" : "\t"), printed(value)]),
    Buffer.from("\n"),
  ]);
}

interface Told {
  readonly keys: (string | null)[];
  readonly payloads: (string | null)[];
}

/** Keys and payloads as the reader makes them that goes value by value. */
function oneByOne(columns: readonly string[], key: readonly string[], rows: readonly (Uint8Array | null)[][]): Told {
  const told: Told = { keys: [], payloads: [] };
  const reader = copyRowReader(columns, key, (rowKey, payload) => {
    told.keys.push(rowKey);
    told.payloads.push(payload);
  });
  reader.push(Buffer.concat(rows.map(lineOf)));
  return told;
}

/** The same through a file that the engine reads, in chunks of `size` bytes. */
async function throughFile(
  columns: readonly string[],
  key: readonly string[],
  rows: readonly (Uint8Array | null)[][],
  size: number,
): Promise<Told> {
  const bytes = Buffer.concat(rows.map((values) => lineOf([Buffer.from("-"), ...values])));
  const file = copiedFile(folder);
  const reader = copyLineReader((lines) => file.add(lines));
  for (let at = 0; at < bytes.length; at += size) {
    reader.push(bytes.subarray(at, at + size));
    await file.spill();
  }
  await file.close();
  const { path, longest } = file;
  const said = { stream: "public.t", op: "r", sourceTs: 1n, position: "1.1", schemaVersion: 1 } as const;
  const read = await readCopied({ ...said, file: path, columns, key, rows: file.rows, longest });
  await file.remove();
  return { keys: read.key, payloads: read.payload };
}

const sorted = ({ keys, payloads }: Told): string[] =>
  payloads.map((payload, at) => `${keys[at]} ${payload}`).toSorted();

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }).map((value) => Buffer.from(value)),
  fc
    .constantFrom("", "\\N", "\\", '"', '\\N"', "\uFEFF", "\\v", "\v", "\u0001", "-", ",", "'", "#")
    .map((value) => Buffer.from(value)),
  fc.uint8Array({ maxLength: 12 }),
);
// PostgreSQL has no text with a zero byte.
const value = fc.option(text.map((bytes) => bytes.filter((byte) => byte !== 0)));
const names = fc.uniqueArray(fc.string({ unit: "binary", minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 });
const tables = names
  .map((columns) => columns.map((name) => name.replaceAll("\u0000", "0")))
  .filter((columns) => new Set(columns).size === columns.length && columns.every((name) => name.isWellFormed()))
  .chain((columns) =>
    fc.record({
      columns: fc.constant(columns),
      key: fc.constantFrom([], columns.slice(0, 1), columns.toReversed()),
      rows: fc.array(fc.tuple(...columns.map(() => value)), { minLength: 1, maxLength: 12 }),
      size: fc.integer({ min: 1, max: 64 }),
    }),
  );

test("lines that the engine reads give the same bytes as rows read value by value, whatever the values, names and chunks", async () => {
  await fc.assert(
    fc.asyncProperty(tables, async ({ columns, key, rows, size }) => {
      const expected = oneByOne(columns, key, rows);
      expect(sorted(await throughFile(columns, key, rows, size))).toEqual(sorted(expected));
    }),
    { numRuns: 200 },
  );
});

test("a table without columns, one of many, and rows longer than the engine reads at once", async () => {
  expect(await throughFile([], [], [[], []], 3)).toEqual({ keys: [null, null], payloads: ["{}", "{}"] });
  const many = Array.from({ length: 1_500 }, (_, index) => `c${index}`);
  const wide = [many.map((name) => Buffer.from(name))];
  expect(await throughFile(many, ["c7"], wide, 4_000)).toEqual(oneByOne(many, ["c7"], wide));
  const long = [1, 2, 3].map((id) => [
    Buffer.from(String(id)),
    Buffer.concat([Buffer.from('\t"'), Buffer.alloc(5_000_000, "a")]),
  ]);
  const expected = oneByOne(["id", "t"], ["id"], long);
  expect(sorted(await throughFile(["id", "t"], ["id"], long, 65_536))).toEqual(sorted(expected));
});
