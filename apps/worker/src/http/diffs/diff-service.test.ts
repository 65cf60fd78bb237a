import type { AuditEntry, Principal } from "@nova/pipeline-core/access";
import { type Logger, PlatformError } from "@nova/pipeline-core/kernel";
import { NOTHING_SCANNED, oneQuery } from "@nova/pipeline-core/lakehouse";
import { memoryScanCharges } from "@nova/pipeline-core/orchestration/testing";
import type { RowDiff, RowsRequest } from "@nova/pipeline-core/orchestration";
import { expect, test, vi } from "vitest";
import { createDiffService } from "./diff-service.ts";

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
const NOW = new Date("2026-11-23T12:00:00Z");
const pair = { dataset: "curated.orders", before: "1", after: "2" };
const ana: Principal = { userId: "ana", role: "analyst", grants: [] };
const diff = { by: "key", onlyAfter: 3 } as RowDiff;

/** An engine that does what the test says, and what it was asked. */
function setUp(work: (request: RowsRequest) => Promise<RowDiff>, milliseconds = 60_000) {
  const asked: RowsRequest[] = [];
  const audit: AuditEntry[] = [];
  const charges = memoryScanCharges();
  let now = NOW;
  const service = createDiffService({
    engine: {
      keptSnapshots: () => Promise.reject(new Error("not asked for")),
      diffSummary: () => Promise.reject(new Error("not asked for")),
      environments: [],
      diffEnvironments: () => Promise.reject(new Error("not asked for")),
      diffRows: (request) => {
        asked.push(request);
        return work(request);
      },
      openMeter: ({ kind }) => ({
        run: (metered) => metered(),
        total: () => (kind === "comparison" ? oneQuery(20_000_000) : NOTHING_SCANNED),
      }),
    },
    charges,
    columns: async (name) =>
      name === "curated.orders" || name === "raw.stripe"
        ? [{ name: "email", type: "string", description: "", pii: "direct" }]
        : null,
    audit: { append: async (entry) => void audit.push(entry) },
    maskSalt: "salt",
    clock: { now: () => now },
    logger: silent,
    milliseconds,
  });
  const rows = (principal: Principal = ana, dataset = "curated.orders") =>
    service.rows({ pair: { ...pair, dataset }, principal, actor: "ana@nova.example" });
  return {
    service,
    rows,
    asked,
    audit,
    charged: charges.charged,
    forward: (millis: number) => (now = new Date(now.getTime() + millis)),
  };
}

test("asking again follows the one comparison, which is on record before it runs and kept for some minutes", async () => {
  const { rows, asked, audit, charged, forward } = setUp(async ({ onPhase }) => {
    onPhase("comparing");
    return diff;
  });
  expect((await rows()).diff).toBeNull();
  await vi.waitFor(async () => expect(await rows()).toMatchObject({ state: "succeeded", phase: "comparing", diff }));
  expect(asked).toHaveLength(1);
  expect(charged).toEqual([["comparison", "curated.orders", oneQuery(20_000_000)]]);
  expect(audit).toEqual([
    {
      actor: "ana@nova.example",
      action: "dataset.diff",
      resource: "curated.orders",
      detail: { before: "1", after: "2" },
    },
  ]);
  forward(10 * 60_000);
  expect((await rows()).state).not.toBe("succeeded");
});

test("a person sees masked what no grant opens, and a grant that ends is not answered from before", async () => {
  const { rows, asked, forward } = setUp(async () => diff);
  const until = new Date(NOW.getTime() + 60_000);
  const granted: Principal = { ...ana, grants: [{ dataset: "*", columns: null, validUntil: until }] };
  await rows(granted);
  forward(61_000);
  await rows(granted);
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  expect(asked.map(({ tags }) => tags)).toEqual([{ email: "none" }, { email: "direct" }]);
});

test("a layer that the role does not read and a dataset nobody knows are refused before anything is read", async () => {
  const { rows, asked, audit } = setUp(async () => diff);
  await expect(rows(ana, "raw.stripe")).rejects.toMatchObject({ kind: "forbidden" });
  await expect(rows(ana, "curated.nothing")).rejects.toMatchObject({ kind: "not-found" });
  expect([asked, audit]).toEqual([[], []]);
});

test("what takes too long is ended and says so; asking after that tries again", async () => {
  const stuck = (request: RowsRequest): Promise<RowDiff> =>
    new Promise((_, reject) =>
      request.signal.addEventListener("abort", () => reject(new PlatformError("cancelled", "cancelled"))),
    );
  const { rows, asked } = setUp(stuck, 5);
  await rows();
  const ended = await vi.waitUntil(async () => {
    const status = await rows();
    return status.state === "failed" ? status : null;
  });
  expect(ended.error).toMatchObject({ kind: "query-limit", message: expect.stringContaining("longer than") });
  await rows();
  await vi.waitFor(() => expect(asked).toHaveLength(2));
});

test("what the engine says of a failure is not passed on: it may quote a row", async () => {
  const { rows } = setUp(() =>
    Promise.reject(new PlatformError("engine-failed", "Conversion Error: ana@shop.example is no number")),
  );
  await rows();
  const ended = await vi.waitUntil(async () => {
    const status = await rows();
    return status.state === "failed" ? status : null;
  });
  expect(JSON.stringify(ended)).not.toContain("ana@shop.example");
});

test("a worker that stops ends what runs", async () => {
  const { service, rows, asked } = setUp(
    (request) =>
      new Promise((_, reject) =>
        request.signal.addEventListener("abort", () => reject(new PlatformError("cancelled", "cancelled"))),
      ),
  );
  await rows();
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await service.stop();
  expect((await rows()).state).toBe("failed");
});
