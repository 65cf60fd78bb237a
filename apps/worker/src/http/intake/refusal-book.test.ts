import type { RefusedRequests } from "@nova/pipeline-core/connectors";
import { expect, test } from "vitest";
import { refusalBook } from "./refusal-book.ts";
import { silentLogger } from "../../testing/test-logger.ts";

const clock = { now: () => new Date("2026-11-23T09:00:00Z") };

test("refusals are brought as sums, nothing else is, and none is lost while the store is away", async () => {
  const stored: RefusedRequests[] = [];
  let away = true;
  const store = {
    add: (refused: readonly RefusedRequests[]): Promise<void> => {
      if (away) return Promise.reject(new Error("away"));
      stored.push(...refused);
      return Promise.resolve();
    },
  };
  const book = refusalBook({ store, clock, logger: silentLogger });
  book.count("app_logs", "cart", "quota", 0);
  book.count("app_logs", "cart", "taken", 500);
  book.count("app_logs", "cart", "quarantined", 3);
  await book.flush();
  expect(stored).toEqual([]);
  away = false;
  book.count("app_logs", "cart", "quota", 0);
  book.count("stripe", "webhook", "refused", 0);
  await book.stop();
  expect(
    stored.map(({ source, service, outcome, requests, records }) => [source, service, outcome, requests, records]),
  ).toEqual([
    ["app_logs", "cart", "quota", 2, 0],
    ["app_logs", "cart", "quarantined", 1, 3],
    ["stripe", "webhook", "refused", 1, 0],
  ]);
  await book.flush();
  expect(stored).toHaveLength(3);
});
