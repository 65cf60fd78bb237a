import { describe, expect, test } from "vitest";
import { parseWorkerEnv } from "./env.ts";
import { captureConfig } from "./source-settings.ts";

const GOOD = {
  DATABASE_URL: "postgres://nova:pw@127.0.0.1:5433/nova",
  NOVA_LAKE_DIR: "/data/lake",
  NOVA_SPOOL_DIR: "/data/spool",
  NOVA_WORKER_PORT: "4000",
  NOVA_INTERNAL_TOKEN: "a-token-of-some-length",
};

const HASH = "ab".repeat(32);

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
    ["LOG_INTAKE_SERVICES", "cart", /must be JSON/],
    ["LOG_INTAKE_SERVICES", '[{"service":"cart","tokenSha256":"plain-token"}]', /SHA-256 of the token/],
    [
      "LOG_INTAKE_SERVICES",
      '[{"service":"cart","tokenSha256":"H","eventsPerSecond":0}]'.replace("H", HASH),
      /more than 0/,
    ],
    ["NOVA_ENVIRONMENTS", "staging", /must be JSON/],
    ["NOVA_ENVIRONMENTS", '{"Staging":{"databaseUrl":"postgres://s","lakeDir":"/lake"}}', /short names: a-z/],
    ["NOVA_ENVIRONMENTS", '{"staging":{"databaseUrl":"mysql://s","lakeDir":"/lake"}}', /PostgreSQL connection string/],
    ["NOVA_ENVIRONMENTS", '{"staging":{"databaseUrl":"postgres://s","lakeDir":"lake"}}', /absolute folder/],
    ["STRIPE_WEBHOOK_SECRET", "whsec_new,old", /whsec_/],
    ["COLD_LOAD_SECONDS", "often", /number of seconds/],
    ["COLD_LOAD_SECONDS", "0", /at least 1 second/],
    ["OPENLINEAGE_URL", "marquez:5000", /http\(s\) URL/],
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

  test("names services that send logs, with their quotas, and several Stripe secrets while one is rotated", () => {
    const env = parseWorkerEnv({
      ...GOOD,
      LOG_INTAKE_SERVICES: JSON.stringify([
        { service: "cart", tokenSha256: HASH, eventsPerSecond: 500 },
        { service: "checkout", tokenSha256: [HASH, "cd".repeat(32)] },
      ]),
      STRIPE_API_KEY: "sk_test_1",
      STRIPE_WEBHOOK_SECRET: "whsec_new, whsec_old",
    });
    if ("problems" in env) throw new Error(env.problems.join());
    expect(captureConfig(env)).toMatchObject({
      logs: {
        services: [
          { name: "cart", tokenHashes: [HASH], eventsPerSecond: 500, bytesPerSecond: null },
          { name: "checkout", tokenHashes: [HASH, "cd".repeat(32)], eventsPerSecond: null },
        ],
      },
      stripe: { webhookSecrets: ["whsec_new", "whsec_old"] },
    });
  });

  test("a problem never repeats a value: it may be a secret", () => {
    expect(problems({ STRIPE_WEBHOOK_SECRET: "hunter2" }).join()).not.toContain("hunter2");
  });
});
