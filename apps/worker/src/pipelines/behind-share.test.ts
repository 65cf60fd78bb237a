import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBehindShare } from "./behind-share.ts";
import { createSlots } from "./slots.ts";

describe("the share of what fills in", () => {
  it("is behind everything live for four times as long as its last piece took, then before all that has data", async () => {
    let now = 0;
    const share = createBehindShare(() => now);
    await share.run(async () => void (now += 3));
    expect(share.urgency()).toBeLessThan(0);
    now += 11;
    expect(share.urgency()).toBeLessThan(0);
    now += 1;
    expect(share.urgency()).toBeGreaterThan(1_000);
    expect(share.urgency()).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  it("counts a piece that failed like any other", async () => {
    let now = 0;
    const share = createBehindShare(() => now);
    const failing = share.run(async () => {
      now += 5;
      throw new Error("the part failed");
    });
    await expect(failing).rejects.toThrow("the part failed");
    expect(share.urgency()).toBeLessThan(0);
    now += 20;
    expect(share.urgency()).toBeGreaterThan(1_000);
  });

  it("lets a backfill end beside live work that never ends, and takes a fifth of the slot at most", async () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 5, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 1, max: 20 }), async (parts, live) => {
        let now = 0;
        const slots = createSlots(1);
        const share = createBehindShare(() => now);
        let ended = false;
        const backfill = async (): Promise<void> => {
          for (const part of parts)
            await slots.run(
              () => share.urgency(),
              () => share.run(async () => void (now += part)),
            );
          ended = true;
        };
        // Two of them, so that one always waits.
        const stream = async (): Promise<void> => {
          while (!ended)
            await slots.run(
              () => 5,
              async () => void (now += live),
            );
        };
        await Promise.all([stream(), stream(), backfill()]);
        const filled = parts.reduce((sum, part) => sum + part, 0);
        const last = parts.at(-1) ?? 0;
        expect(now).toBeGreaterThanOrEqual((filled - last) * 5);
        expect(now).toBeLessThanOrEqual(filled * 5 + (parts.length + 3) * 2 * live);
      }),
      { numRuns: 50 },
    );
  });
});
