import { describe, expect, test } from "vitest";
import { csvCells, csvRecord } from "./csv.ts";
import { answerText } from "./run-query.ts";
import { datasetsText, sourcesText, type Status, statusText } from "./show-status.ts";
import { shortSpan, textTable } from "./text-table.ts";

const AT = new Date("2026-11-23T09:00:00Z");
const status: Status = {
  at: AT,
  sources: [
    {
      id: "orders_db",
      state: "streaming",
      since: AT,
      rowsPerSecond: 180.4,
      lagSeconds: 2.3,
      lastEventAt: new Date(AT.getTime() - 1_000),
      dataThrough: null,
      totalRows: 1_234_567,
      errors: 0,
      error: null,
      breakers: [],
    },
    {
      id: "stripe",
      state: "retrying",
      since: new Date(AT.getTime() - 360_000),
      rowsPerSecond: 0,
      lagSeconds: null,
      lastEventAt: null,
      dataThrough: null,
      totalRows: 0,
      errors: 36,
      error: "source-unreachable: connection refused",
      breakers: ["reading it failed 36 times in a row; tried again at 2026-11-23 09:01:00 UTC."],
    },
  ],
  datasets: [
    {
      name: "curated.orders",
      freshness: "late",
      ageSeconds: 400,
      targetLagSeconds: 30,
      dataThrough: AT,
      rows: 12,
      failedChecks: 1,
    },
  ],
  pauses: [{ pipeline: "sales", by: "dev.okafor@novaretail.example", at: new Date(AT.getTime() - 400_000) }],
};

describe("tables", () => {
  test("stand in columns, numbers on the right, and end without blanks", () => {
    const text = textTable(
      [
        { title: "NAME", value: (row: string[]) => row[0] ?? "" },
        { title: "ROWS", value: (row) => row[1] ?? "", right: true },
      ],
      [
        ["a", "1"],
        ["long-name", "1,000"],
      ],
    );
    expect(text).toBe(["NAME        ROWS", "a              1", "long-name  1,000"].join("\n"));
  });

  test.each([
    [null, "–"],
    [0.31, "0.3 s"],
    [59, "59 s"],
    [400, "7 min"],
    [10_000, "3 h"],
    [300_000, "3 d"],
  ])("%s seconds are %s", (seconds, text) => {
    expect(shortSpan(seconds)).toBe(text);
  });
});

describe("status", () => {
  test("says which pipelines people paused, and how to resume them", () => {
    expect(statusText(status).split("\n")).toContain(
      "pipeline sales is paused by dev.okafor@novaretail.example since 7 min: nova resume sales",
    );
    expect(statusText({ ...status, pauses: [] })).not.toContain("paused");
  });

  test("shows every source on a line and says what is wrong below", () => {
    const lines = sourcesText(status).split("\n");
    expect(lines[1]).toMatch(/^orders_db +streaming .* 180 +2\.3 s +1 s ago +– +1,234,567 +0$/);
    expect(lines.slice(3)).toEqual([
      "stripe: source-unreachable: connection refused",
      "stripe: circuit breaker open: reading it failed 36 times in a row; tried again at 2026-11-23 09:01:00 UTC.",
    ]);
  });

  test("shows freshness against its target and failed checks", () => {
    expect(datasetsText(status).split("\n")[1]).toMatch(/^curated\.orders +late +7 min +30 s +12 +1 failed$/);
  });
});

describe("CSV", () => {
  test("quotes what RFC 4180 says and ends records with CRLF", () => {
    expect(csvRecord(["plain", 'say "hi"', "a,b", "two\nlines", ""])).toBe(
      'plain,"say ""hi""","a,b","two\nlines",\r\n',
    );
  });

  test.each(["=1+1", "+1", "-1", "@x", "\tx", "\rx"])("text %j cannot become a formula", (text) => {
    expect(csvCells([{ name: "note", type: "VARCHAR" }], [text])).toEqual([`'${text}`]);
  });

  test("negative numbers, times and nulls stay as they are", () => {
    const types = ["BIGINT", "DECIMAL(12,2)", "DOUBLE", "INTERVAL", "VARCHAR"];
    expect(
      csvCells(
        types.map((type) => ({ name: type, type })),
        ["-9007199254740993", "-1.50", -2.5, "-1 days", null],
      ),
    ).toEqual(["-9007199254740993", "-1.50", "-2.5", "-1 days", ""]);
  });

  test("an answer is header and records; as JSON, objects with exact values", () => {
    const answer = {
      columns: [
        { name: "id", type: "BIGINT" },
        { name: "tags", type: "VARCHAR[]" },
      ],
      rows: [["9007199254740993", ["a", "b"]]],
      masked: [],
      truncated: null,
    };
    expect(answerText(answer, "csv")).toBe('id,tags\r\n9007199254740993,"[""a"",""b""]"\r\n');
    expect(JSON.parse(answerText(answer, "json"))).toEqual([{ id: "9007199254740993", tags: ["a", "b"] }]);
    expect(answerText(answer, "table")).toContain("(1 row)");
  });
});
