import { describe, expect, it } from "vitest";
import { mayReadUnmasked, type Principal } from "./grants.ts";
import { ACTIONS, MATRIX, may } from "./matrix.ts";

const now = new Date("2026-06-01T12:00:00Z");
const principal = (grants: Principal["grants"]): Principal => ({ userId: "u", role: "analyst", grants });

describe("the role × action matrix", () => {
  it("names at least one role for every action", () => {
    for (const action of ACTIONS) expect(MATRIX[action].length, action).toBeGreaterThan(0);
  });

  it("keeps run logs and quarantine from analysts", () => {
    expect(may("analyst", "runs.view-log")).toBe(false);
    expect(may("analyst", "quarantine.view")).toBe(false);
    expect(may("data-engineer", "runs.view-log")).toBe(true);
  });
});

describe("personal columns", () => {
  it.each([
    ["no grant", [], false],
    ["a grant on another dataset", [{ dataset: "curated.orders", columns: null, validUntil: null }], false],
    ["a grant on another column", [{ dataset: "curated.customers", columns: ["phone"], validUntil: null }], false],
    [
      "a grant that ran out",
      [{ dataset: "curated.customers", columns: null, validUntil: new Date(now.getTime() - 1) }],
      false,
    ],
    ["a grant that ends this very moment", [{ dataset: "curated.customers", columns: null, validUntil: now }], false],
    ["a grant on the column", [{ dataset: "curated.customers", columns: ["email"], validUntil: null }], true],
    ["a grant on everything", [{ dataset: "*", columns: null, validUntil: new Date(now.getTime() + 1) }], true],
  ])("with %s", (_name, grants, expected) => {
    expect(mayReadUnmasked(principal(grants), "curated.customers", "email", now)).toBe(expected);
  });
});
