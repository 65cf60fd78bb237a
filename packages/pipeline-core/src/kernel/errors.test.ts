import { describe, expect, it } from "vitest";
import { asPlatformError, PlatformError, POLICY } from "./errors.ts";

describe("the error policy", () => {
  it("gives every kind a remedy that is a full sentence", () => {
    for (const [kind, policy] of Object.entries(POLICY)) {
      expect(policy.remedy, kind).toMatch(/^[A-Z].+\.$/);
    }
  });

  it("keeps the cause of a foreign error and gives it the fallback kind", () => {
    const cause = new Error("connect ECONNREFUSED");
    const error = asPlatformError(cause, "source-unreachable");
    expect(error).toMatchObject({ kind: "source-unreachable", message: "connect ECONNREFUSED", cause });
    expect(error.policy.retry).toBe("timed");
  });

  it("passes its own errors through untouched", () => {
    const error = new PlatformError("forbidden", "no grant");
    expect(asPlatformError(error)).toBe(error);
  });

  it("knows its own errors made by another copy of the module", () => {
    const twin = Object.assign(new Error("the worker is silent"), { name: "PlatformError", kind: "overloaded" });
    expect(asPlatformError(twin)).toBe(twin);
  });
});
