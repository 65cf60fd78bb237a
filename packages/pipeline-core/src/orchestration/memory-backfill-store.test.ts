import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlatformError, type Transaction, uuidV7Source } from "../kernel/index.ts";
import { PART_STATES } from "./backfill.ts";
import type { ClaimedRun } from "./backfill-store.ts";
import {
  backfillStoreContract,
  examplePlan,
  memoryBackfillStore,
  memoryPartitionStore,
  partitionStoreContract,
} from "./testing.ts";

const NONE: Transaction = { query: async () => ({ rows: [], rowCount: 0 }) };

function open() {
  const clock = { now: () => new Date("2026-11-23T09:00:00Z") };
  let made = 0;
  const ids = uuidV7Source(clock, { bytes: (length) => new Uint8Array(length).fill((made += 1)) });
  let epoch = 0n;
  const backfills = memoryBackfillStore({ clock, ids, lease: () => epoch });
  return { backfills, newEpoch: async () => (epoch += 1n) };
}

describe("backfills in memory", () => {
  backfillStoreContract({ test, expect }, async () => ({ ...open(), within: (work) => work(NONE) }));
});

describe("partitions in memory", () => {
  partitionStoreContract({ test, expect }, async () => ({
    partitions: memoryPartitionStore(new Map([["mart.daily_sales", 3]])),
    epoch: 1n,
    within: (work) => work({ query: async () => ({ rows: [], rowCount: 0 }) }),
  }));
});

type Move = "claim" | "succeed" | "fail" | "pause" | "resume" | "retry" | "crash" | "cancel";

test("whatever happens in between, each planned partition succeeds exactly once in the end", async () => {
  const moves = fc.array(
    fc.constantFrom<Move>(
      "claim",
      "succeed",
      "fail",
      "claim",
      "succeed",
      "pause",
      "resume",
      "retry",
      "crash",
      "cancel",
    ),
    { maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(moves, async (script) => {
      const { backfills, newEpoch } = open();
      let epoch = await newEpoch();
      const { id } = await backfills.plan(examplePlan(), "dev");
      await backfills.submit(NONE, epoch, id);
      const done = new Map<string, number>();
      let claimed: ClaimedRun[] = [];
      const refusedIsFine = async (work: Promise<unknown>): Promise<void> => {
        const refusal: unknown = await work.then(() => null).catch((error: unknown) => error);
        expect(refusal === null || (isPlatformError(refusal) && refusal.kind === "conflict")).toBe(true);
      };
      const end = async (state: "succeeded" | "failed"): Promise<void> => {
        const run = claimed.shift();
        for (const { dataset, ranges } of run?.steps ?? []) {
          await backfills.settle(epoch, id, run?.number ?? 0, dataset, { state });
          if (state === "succeeded")
            for (const range of ranges ?? []) done.set(range.from, (done.get(range.from) ?? 0) + 1);
        }
        await backfills.finishIfDone(epoch, id);
      };
      const make: Record<Move, () => Promise<void>> = {
        async claim() {
          const run = await backfills.claim(epoch, id);
          if (run !== null) claimed.push(run);
        },
        succeed: () => end("succeeded"),
        fail: () => end("failed"),
        pause: () => refusedIsFine(backfills.pause(NONE, epoch, id)),
        resume: () => refusedIsFine(backfills.resume(NONE, epoch, id)),
        retry: () => refusedIsFine(backfills.retry(NONE, epoch, id)),
        cancel: () => refusedIsFine(backfills.cancel(NONE, epoch, id)),
        async crash() {
          epoch = await newEpoch();
          claimed = [];
          await backfills.reclaim(epoch);
        },
      };
      for (const move of script) await make[move]();
      // Then everything goes well: whatever state it was left in, it ends done.
      for (let turn = 0; turn < 50 && (await backfills.find(id))?.state !== "done"; turn += 1) {
        await make.resume();
        await make.claim();
        while (claimed.length > 0) await make.succeed();
        await backfills.finishIfDone(epoch, id);
        if (["failed", "cancelled"].includes((await backfills.find(id))?.state ?? "")) await make.retry();
      }
      expect(await backfills.counts(id)).toEqual({
        ...Object.fromEntries(PART_STATES.map((state) => [state, 0])),
        succeeded: 3,
      });
      expect([...done.values()]).toEqual([1, 1, 1]);
    }),
    { numRuns: 100 },
  );
});
