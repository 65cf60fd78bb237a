import { PlatformError } from "@nova/pipeline-core/kernel";
import { expect, test } from "vitest";
import { ownFailures } from "./store-failures.ts";

const failing = (error: Error) => ownFailures({ position: () => Promise.reject(error), name: "store", now: () => 7 });
const withCode = (code: string): Error => Object.assign(new Error("no"), { code });

test.each([
  ["a restart", withCode("57P01"), "metadata-unreachable"],
  ["a table that somebody locks", withCode("55P03"), "metadata-unreachable"],
  ["too many connections", withCode("53300"), "metadata-unreachable"],
  ["a refused connection", withCode("ECONNREFUSED"), "metadata-unreachable"],
  ["a connection that ended", new Error("Connection terminated unexpectedly"), "metadata-unreachable"],
  ["a statement that is wrong", withCode("42703"), "internal"],
  ["a failure with a kind of its own", new PlatformError("stale-writer", "fenced"), "stale-writer"],
])("the metadata store's %s is told as its own, never as one of the source", async (_name, error, kind) => {
  await expect(failing(error).position()).rejects.toMatchObject({ kind });
});

test("what does not fail is as it was", () => {
  expect([failing(new Error("no")).name, failing(new Error("no")).now()]).toEqual(["store", 7]);
});
