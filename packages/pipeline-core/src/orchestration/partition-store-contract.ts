import type { ExpectStatic, TestAPI } from "vitest";
import type { Transaction } from "../kernel/index.ts";
import type { ParameterMark, PartitionStore, PartitionSurvey } from "./backfill-store.ts";

/** Fresh for every test, with the dataset `mart.daily_sales` in the catalog and a step of it that took 3 seconds. */
export interface PartitionStoreFixture {
  readonly partitions: PartitionStore;
  /** The worker's lease. */
  readonly epoch: bigint;
  readonly within: (work: (tx: Transaction) => Promise<void>) => Promise<void>;
}

const MART = "mart.daily_sales";
const survey = (days: PartitionSurvey["days"], snapshotId: string): PartitionSurvey => ({
  dataset: MART,
  first: "2026-11-01",
  snapshotId,
  at: new Date("2026-11-23T09:00:00Z"),
  days,
});

export function partitionStoreContract(
  { test, expect }: { test: TestAPI; expect: ExpectStatic },
  make: () => Promise<PartitionStoreFixture>,
): void {
  test("what was found last is what is known", async () => {
    const { partitions } = await make();
    expect(await partitions.survey(MART)).toBeNull();
    const first = survey(
      [
        { day: "2026-11-01", rows: 5 },
        { day: "2026-11-02", rows: 6 },
      ],
      "7",
    );
    await partitions.saveSurvey(first);
    expect(await partitions.survey(MART)).toEqual(first);
    const second = survey(
      [
        { day: "2026-11-02", rows: 8 },
        { day: "2026-11-03", rows: 1 },
      ],
      "8",
    );
    await partitions.saveSurvey(second);
    expect(await partitions.survey(MART)).toEqual(second);
    await partitions.saveSurvey(second);
    expect(await partitions.survey(MART)).toEqual(second);
  });

  test("days stand by the parameters of the run that computed them last, and by the defaults again without a trace", async () => {
    const { partitions, epoch, within } = await make();
    const at = (minute: number): Date => new Date(Date.UTC(2026, 10, 23, 9, minute));
    const mark = (minute: number, more: Pick<ParameterMark, "days" | "parameters">): ParameterMark => ({
      dataset: MART,
      runId: `018f0000-0000-7000-8000-0000000000${10 + minute}`,
      at: at(minute),
      ...more,
    });
    const wide = mark(1, { days: [{ from: "2026-11-01", to: "2026-11-05" }], parameters: { tolerance: "0.05" } });
    const { dataset: _, days: _days, ...stands } = wide;
    await partitions.markParameters(epoch, mark(0, { days: "all", parameters: null }));
    expect(await partitions.marked(MART)).toEqual([]);
    await within((tx) => partitions.markParameters(epoch, wide, tx));
    expect(await partitions.marked(MART)).toEqual([{ ...stands, from: "2026-11-01", to: "2026-11-05" }]);

    const middle = [{ from: "2026-11-03", to: "2026-11-03" }];
    await partitions.markParameters(epoch, mark(2, { days: middle, parameters: null }));
    expect(await partitions.marked(MART)).toEqual([
      { ...stands, from: "2026-11-01", to: "2026-11-02" },
      { ...stands, from: "2026-11-04", to: "2026-11-05" },
    ]);
    await partitions.markParameters(epoch, mark(3, { days: "all", parameters: null }));
    expect(await partitions.marked(MART)).toEqual([]);
    expect(await partitions.marked("mart.other")).toEqual([]);

    await within((tx) => partitions.unmarkSince(tx, MART, at(2)));
    expect(await partitions.marked(MART)).toEqual([{ ...stands, from: "2026-11-01", to: "2026-11-05" }]);
  });

  test("days that a refresh left out are known until none is", async () => {
    const { partitions, epoch } = await make();
    const held = (value: number | null) => ({
      days: [{ day: "2026-11-22", value }],
      inputs: { "curated.orders": "7", "curated.payments": null },
      letThrough: { column: "day", before: "2026-11-20", ready: ["2026-11-21"] },
    });
    await partitions.holdBack(epoch, MART, held(null));
    await partitions.holdBack(epoch, MART, held(0));
    expect(await partitions.heldBack()).toEqual([{ dataset: MART, ...held(0) }]);
    await partitions.holdBack(epoch, MART, null);
    await partitions.holdBack(epoch, MART, null);
    expect(await partitions.heldBack()).toEqual([]);
  });

  test("tells what steps took, of datasets that have run", async () => {
    const { partitions } = await make();
    expect(await partitions.secondsOf([MART, "mart.other"])).toEqual(new Map([[MART, 3]]));
  });
}
