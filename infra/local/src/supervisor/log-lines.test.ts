import { describe, expect, it } from "vitest";
import { lineSplitter, renderLine } from "./log-lines.ts";

describe("the terminal's lines", () => {
  it("puts the part's name before a plain line", () => {
    expect(renderLine("worker", "hello", undefined)).toBe("worker      | hello");
  });

  it("shows a structured line as words: level unless it is info, message, fields", () => {
    const line = JSON.stringify({
      level: 50,
      time: 1,
      pid: 2,
      msg: "source unreachable",
      source: "stripe",
      attempt: 3,
    });
    expect(renderLine("worker", line, undefined)).toBe(
      "worker      | ERROR source unreachable source=stripe attempt=3",
    );
  });

  it("shows a line that merely begins like JSON as it is", () => {
    expect(renderLine("worker", "{ not json", undefined)).toBe("worker      | { not json");
  });
});

describe("cutting a stream into lines", () => {
  it("joins what arrives in pieces and gives the rest at the end", () => {
    const lines: string[] = [];
    const splitter = lineSplitter((line) => lines.push(line));
    for (const chunk of ["on", "e\ntw", "o\r\nthr"]) splitter.push(chunk);
    expect(lines).toEqual(["one", "two"]);
    splitter.end();
    expect(lines).toEqual(["one", "two", "thr"]);
  });

  it("does not hoard a line without an end", () => {
    const lines: string[] = [];
    const splitter = lineSplitter((line) => lines.push(line), 10);
    splitter.push("x".repeat(11));
    expect(lines).toEqual(["x".repeat(11)]);
  });
});
