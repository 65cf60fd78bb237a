import type { ExpectStatic, TestAPI } from "vitest";
import type { PartitionStore, PartitionSurvey } from "./backfill-store.ts";

/** Fresh for every test, with the dataset `mart.daily_sales` in the catalog and a step of it that took 3 seconds. */
export interface PartitionStoreFixture {
  readonly partitions: PartitionStore;
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

  test("tells what steps took, of datasets that have run", async () => {
    const { partitions } = await make();
    expect(await partitions.secondsOf([MART, "mart.other"])).toEqual(new Map([[MART, 3]]));
  });
}
