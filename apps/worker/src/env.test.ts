import { describe, expect, test } from "vitest";
import { parseWorkerEnv } from "./env.ts";

const GOOD = {
  DATABASE_URL: "postgres://nova:pw@127.0.0.1:5433/nova",
  NOVA_LAKE_DIR: "/data/lake",
  NOVA_SPOOL_DIR: "/data/spool",
  NOVA_WORKER_PORT: "4000",
  NOVA_INTERNAL_TOKEN: "a-token-of-some-length",
};

function problems(changes: Record<string, string | undefined>): readonly string[] {
  const parsed = parseWorkerEnv({ ...GOOD, ...changes });
  return "problems" in parsed ? parsed.problems : [];
}

describe("the worker's environment", () => {
  test("is enough without any source", () => {
    expect(parseWorkerEnv(GOOD)).toMatchObject({ NOVA_WORKER_PORT: 4000, LOG_LEVEL: "info" });
  });

  test.each(Object.keys(GOOD))("without %s says so by name", (name) => {
    expect(problems({ [name]: undefined })).toEqual([`${name}: is missing; set it`]);
    expect(problems({ [name]: "" })).toEqual([`${name}: is missing; set it`]);
  });

  test.each([
    ["DATABASE_URL", "mysql://x", /must be a PostgreSQL connection string/],
    ["NOVA_WORKER_PORT", "many", /must be a port number/],
    ["NOVA_WORKER_PORT", "70000", /must be a port number/],
    ["NOVA_INTERNAL_TOKEN", "short", /at least 16 characters/],
    ["STRIPE_API_KEY", "pk_live_1", /secret or restricted key/],
    ["SALESFORCE_LOGIN_URL", "login.salesforce.com", /http\(s\) URL/],
    ["LOG_LEVEL", "loud", /debug, info, warn or error/],
  ])("a wrong %s (%s) is told with the fix", (name, value, fix) => {
    const found = problems({ [name]: value });
    expect(found.find((line) => line.startsWith(`${name}: `))).toMatch(fix);
  });

  test("a source that is only half described names what is missing and why", () => {
    expect(problems({ STRIPE_API_KEY: "sk_test_1" })).toEqual([
      expect.stringMatching(/^STRIPE_WEBHOOK_SECRET: is needed because STRIPE_API_KEY is set/),
    ]);
  });

  test("a problem never repeats a value: it may be a secret", () => {
    expect(problems({ STRIPE_WEBHOOK_SECRET: "hunter2" }).join()).not.toContain("hunter2");
  });
});
