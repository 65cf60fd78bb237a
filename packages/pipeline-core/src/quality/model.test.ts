import { describe, expect, it } from "vitest";
import { judgeCheck, type CheckDefinition } from "./model.ts";

const check = (severity: CheckDefinition["severity"]): CheckDefinition => ({
  dataset: "curated.orders",
  name: "null-rate:customer_key",
  kind: "null-rate",
  column: "customer_key",
  severity,
  blocking: false,
  threshold: 0.01,
  description: "",
});

describe("a check's outcome", () => {
  it.each([
    ["error", null, "skipped"],
    ["error", 0.01, "passed"],
    ["error", 0.02, "failed"],
    ["warning", 0.02, "warned"],
  ] as const)("for severity %s and value %s is %s", (severity, value, outcome) => {
    expect(judgeCheck(check(severity), value)).toBe(outcome);
  });
});
