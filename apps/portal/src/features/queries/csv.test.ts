import { describe, expect, it } from "vitest";
import { csvField, csvHead, csvRecord } from "./csv.ts";

describe("CSV", () => {
  it("quotes what RFC 4180 wants quoted and doubles quotes", () => {
    expect(csvRecord(["plain", "a,b", 'say "hi"', "two\nlines"])).toBe('plain,"a,b","say ""hi""","two\nlines"\r\n');
  });

  it("tells null from an empty text", () => {
    expect(csvRecord([null, ""])).toBe(',""\r\n');
  });

  it.each(["=1+2", "+SUM(A1)", "-cmd|' /C calc'!A0", "@x", "\tx"])("takes the edge off the formula %j", (text) => {
    expect(csvField(text).replace(/^"/, "")).toMatch(/^'/);
  });

  it.each(["-3.00", "+", "12", "-1e10"])("leaves the number %s as it is, and a lone sign harmless", (text) => {
    expect(csvField(text)).toBe(text === "+" ? "'+" : text);
  });

  it("writes nested values as JSON and heads by name", () => {
    expect(csvField({ a: [1, "x"] })).toBe('"{""a"":[1,""x""]}"');
    expect(csvHead([{ name: "total, net", type: "DOUBLE" }])).toBe('"total, net"\r\n');
  });
});
