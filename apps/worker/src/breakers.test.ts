import { memorySourceStore } from "@nova/pipeline-core/connectors/testing";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { expect, test } from "vitest";
import { silentLogger } from "./testing/test-logger.ts";
import { createBreakers } from "./breakers.ts";

const refused = new PlatformError("source-unreachable", "connection refused");

async function setUp() {
  let now = Date.parse("2026-11-23T12:00:00Z");
  const sources = memorySourceStore();
  await sources.registerSource({ id: "stripe", kind: "stripe", configured: true });
  const breakers = createBreakers({
    part: "load",
    sources,
    clock: { now: () => new Date(now) },
    logger: silentLogger,
    jitter: () => 1,
  });
  return { breakers, sources, forward: (millis: number) => void (now += millis) };
}

test("opens after five failures in a row, stores it, lets one try when the wait is over, and closes when that works", async () => {
  const { breakers, sources, forward } = await setUp();
  for (let failure = 1; failure < 5; failure += 1) breakers.failed("stripe", refused);
  expect(breakers.enter("stripe")).toBe("free");
  breakers.failed("stripe", refused);
  expect(breakers.enter("stripe")).toBe("blocked");
  await expect.poll(() => sources.openBreakers()).toMatchObject([{ source: "stripe", part: "load", state: "open" }]);
  // By backoff: 16 s after the fifth.
  forward(16_000);
  expect(breakers.enter("stripe")).toBe("probe");
  expect(breakers.enter("stripe")).toBe("blocked");
  breakers.worked("stripe");
  expect(breakers.enter("stripe")).toBe("free");
  await expect.poll(() => sources.openBreakers()).toEqual([]);
});

test("a failure that a person has to settle does not count, nor one of another source", async () => {
  const { breakers } = await setUp();
  for (let failure = 0; failure < 9; failure += 1) {
    breakers.failed("stripe", new PlatformError("source-auth", "the key is wrong"));
    breakers.failed("salesforce", refused);
  }
  expect(breakers.enter("stripe")).toBe("free");
  expect(breakers.enter("salesforce")).toBe("blocked");
});
