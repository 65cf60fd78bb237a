import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EnvelopeLines } from "./envelope-lines.ts";
import { FinishedLines } from "./finished-lines.ts";
import { readLine, readLines } from "./log-lines.ts";
import { sampleLines } from "./testing.ts";

const position = (index: number): string => `000000000001.${String(index).padStart(8, "0")}`;
const isOne = (line: string | Buffer): boolean =>
  new FinishedLines().isOne(Buffer.from(line), 0, Buffer.from(line).length);

/** What stands in the spool and in quarantine of a body, line by line; `whole`: by parsing and writing each line. */
function read(body: Buffer, whole: boolean): { readonly spool: string; readonly refused: unknown } {
  const lines = new EnvelopeLines();
  if (whole)
    body
      .toString("utf8")
      .split("\n")
      .forEach((line, index) => {
        if (line.trim() !== "") readLine(line, index + 1, lines, "cart");
      });
  else readLines(body, lines, "cart");
  return { spool: lines.render(position).toString("latin1"), refused: [...lines.refused] };
}

const LINE = sampleLines(1, 1).toString("utf8").trimEnd();
const key = fc.oneof(fc.constantFrom("a", "b", "1", "01", "-1", "__proto__", "", 'q"', "é", "\u0001"), fc.string());
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("\n\t\b\f\r", '"', "\\", "/", "\u0000", "\u007f", "\u2028", "\ud800", "\\ud800", "😀"),
);
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0.000001, 0.0000001, 123456789012345, 1234567890123456, 1e21, 0.1, -0.5, 1.1),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    text,
    number,
    fc.constantFrom(null, true, false),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(key, tie("any"), { maxKeys: 3 }),
  ),
})).any;
const record = fc.record({
  ts: fc.oneof(
    fc
      .date({ noInvalidDate: true, min: new Date("2026-11-01"), max: new Date("2026-12-01") })
      .map((at) => at.toISOString()),
    fc.constantFrom(
      "2026-02-30T10:00:00Z",
      "2026-11-23T24:00:00Z",
      "2026-11-23T09:00:60Z",
      "2026-11-23T09:00:00+01:00",
    ),
    text,
  ),
  service: fc.oneof(text, fc.constantFrom("", "x".repeat(200), "é".repeat(101))),
  level: fc.constantFrom("info", "INFO", "É", "é", "", "x".repeat(31)),
  message: text,
  attributes: fc.oneof(
    { weight: 5, arbitrary: fc.dictionary(key, value, { maxKeys: 4 }) },
    { weight: 1, arbitrary: value },
  ),
  trace_id: fc.oneof(text, fc.constant(null)),
  span_id: fc.oneof(text, fc.constant(null)),
});
/** Bytes of a line put in another place, changed or cut out. */
const damage = fc.array(
  fc.record({
    at: fc.nat(400),
    cut: fc.nat(3),
    put: fc.constantFrom(
      "",
      " ",
      '"',
      "\\",
      "\\u0041",
      "0",
      "-",
      ".",
      "1e3",
      ",",
      "{",
      "}",
      "[",
      "\n",
      "\r",
      "\ufeff",
      "ä",
    ),
  }),
  { maxLength: 2 },
);
const damaged = (line: string, changes: readonly { at: number; cut: number; put: string }[]): string =>
  changes.reduce((now, { at, cut, put }) => now.slice(0, at) + put + now.slice(at + cut), line);

describe("a line that is taken as it stands", () => {
  test("is what reading and writing it would give, and of everything else too nothing differs", () => {
    const line = fc.oneof(
      record.map((each) => JSON.stringify(each)),
      fc.constant(LINE),
    );
    const body = fc.array(fc.tuple(line, fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, damage)), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(body, fc.option(fc.nat(255)), (parts, odd) => {
        const bytes = Buffer.from(parts.map(([each, changes]) => damaged(each, changes)).join("\n"));
        // A byte that is no UTF-8, or is.
        if (odd !== null && bytes.length > 40) bytes[40 + (odd % (bytes.length - 40))] = odd;
        if (bytes.toString("utf8").trimStart().startsWith("[")) return;
        expect(read(bytes, false)).toEqual(read(bytes, true));
      }),
      { numRuns: 1500 },
    );
  });

  test("is any that a service writes in the order of the fields", () => {
    const sample = sampleLines(1, 50).toString("utf8").trimEnd().split("\n");
    expect(sample.filter(isOne)).toEqual(sample);
    expect(isOne(LINE.replace(/"attributes":\{/, '"attributes":{"nested":{"list":[1,-2.5,null,true,{}]},'))).toBe(true);
  });

  test.each([
    ["another order", `{"service":"cart",${LINE.slice(1)}`],
    ["spaces", LINE.replace('","service"', '", "service"')],
    ["an upper-case level", LINE.replace(/"level":"\w+"/, '"level":"WARN"')],
    ["a key twice", LINE.replace('"attributes":{', '"attributes":{"x":1,"x":2,')],
    ["a key that is an index", LINE.replace('"attributes":{', '"attributes":{"b":1,"7":2,')],
    ["an exponent", LINE.replace('"attributes":{', '"attributes":{"x":1e3,')],
    ["more digits than a number holds", LINE.replace('"attributes":{', '"attributes":{"x":12345678901234567,')],
    ["a zero at the end", LINE.replace('"attributes":{', '"attributes":{"x":1.50,')],
    ["an escape that is not needed", LINE.replace('"message":"', '"message":"\\/')],
    ["a day that is none", LINE.replace(/"ts":"\d{4}-\d\d-\d\d/, '"ts":"2026-02-30')],
    ["something behind it", `${LINE}x`],
  ])("is none with %s", (_, line) => {
    expect(isOne(line)).toBe(false);
  });
});
