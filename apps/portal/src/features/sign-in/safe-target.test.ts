import { expect, it } from "vitest";
import { safeTarget } from "./safe-target.ts";

it.each([
  ["/sources?range=6h", "/sources?range=6h"],
  [null, "/"],
  ["https://evil.example", "/"],
  ["//evil.example", "/"],
  ["/\\evil.example", "/"],
  ["/sign-in?to=/", "/"],
  ["javascript:alert(1)", "/"],
])("after sign-in %j leads to %j", (to, expected) => {
  expect(safeTarget(to)).toBe(expected);
});
