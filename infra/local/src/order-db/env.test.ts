import { expect, test } from "vitest";
import { readEnv } from "./env.ts";

test("the rate is normal unless said otherwise", () => {
  expect(readEnv({ ORDERS_DB_URL: "postgres://u:p@127.0.0.1:1/orders" }).NOVA_RATE).toBe("normal");
});

test("a wrong value is named with its fix and never shown", () => {
  expect(() => readEnv({ ORDERS_DB_URL: "mysql://u:hunter2@h/x", NOVA_RATE: "fast" })).toThrow(
    /^ORDERS_DB_URL must be the URL .*; NOVA_RATE must be one of quiet, normal, peak$/,
  );
  expect(() => readEnv({ ORDERS_DB_URL: "mysql://u:hunter2@h/x" })).not.toThrow(/hunter2/);
});
