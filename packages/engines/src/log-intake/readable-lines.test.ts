import { writeFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EnvelopeLines } from "./envelope-lines.ts";
import { readLines } from "./log-lines.ts";

/** Text with halves of surrogate pairs, escapes of them, and control characters. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc
    .array(fc.constantFrom("\ud800", "\udfff", "\\ud800", "\0", '"', "\\", "\u2028", "é", "😀"), { maxLength: 6 })
    .map((parts) => parts.join("")),
);
const time = fc.oneof(
  fc
    .date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") })
    .map((each) => each.toISOString()),
  fc
    .tuple(
      fc.integer({ min: 0, max: 9999 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
      fc.integer({ min: 0, max: 25 }),
    )
    .map(([year, month, day, hour]) => {
      const two = (value: number): string => String(value).padStart(2, "0");
      return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${two(hour)}:00:00Z`;
    }),
  fc.constantFrom(
    "2026-11-23T10:00:00+23:59",
    "2026-11-23T10:00:00-99:99",
    "2026-11-23T23:59:60Z",
    "2026-11-23T24:00:00Z",
  ),
);
const record = fc.record({
  ts: time,
  service: text,
  level: text,
  message: text,
  attributes: fc.dictionary(text, fc.jsonValue()),
});

test("whatever a sender makes up, the engine reads every line that was accepted", async () => {
  const dir = await mkdtemp(join(tmpdir(), "nova-lines-"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const file = join(dir, "lines.ndjson");
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 40 }), async (records) => {
        const lines = new EnvelopeLines();
        readLines(Buffer.from(records.map((each) => JSON.stringify(each)).join("\n")), lines, null);
        await writeFile(
          file,
          lines.render((index) => `000000000001.${String(index).padStart(8, "0")}`),
        );
        const read = await connection.runAndReadAll(
          `SELECT count(*) AS rows, count(source_ts) AS times, count(payload ->> '$.message') AS messages
             FROM read_ndjson('${file}', columns = {payload: 'VARCHAR', source_ts: 'TIMESTAMPTZ'})`,
        );
        expect(read.getRows()[0]?.map(Number)).toEqual([lines.rows, lines.rows, lines.rows]);
        expect(lines.rows + lines.refused.length).toBe(records.length);
      }),
      { numRuns: 150 },
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(dir, { recursive: true });
  }
});
