import type { ExpectStatic, TestAPI } from "vitest";
import type { Transaction } from "../kernel/index.ts";
import type { ScheduleStore } from "./scheduling.ts";

/** Fresh for every test, with the datasets `mart.a` and `mart.b` in the catalog. */
export interface ScheduleStoreFixture {
  readonly schedules: ScheduleStore;
  /** A newer worker takes the lease; returns its epoch. */
  newEpoch: () => Promise<bigint>;
  within: (work: (tx: Transaction) => Promise<void>) => Promise<void>;
}

const RUN = "019a0000-0000-7000-8000-000000000001";
const at = (time: string): Date => new Date(`2026-11-23T${time}:00Z`);
const A = { dataset: "mart.a", cron: "0 * * * *", zone: "UTC" };
const B = { dataset: "mart.b", cron: "30 6 * * *", zone: "Europe/Berlin" };

export function scheduleStoreContract(
  { test, expect }: { test: TestAPI; expect: ExpectStatic },
  make: () => Promise<ScheduleStoreFixture>,
): void {
  test("what is declared has not run yet; what has run keeps how far it was followed", async () => {
    const { schedules, newEpoch } = await make();
    const epoch = await newEpoch();
    expect(await schedules.declare(epoch, [A, B], at("08:00"))).toEqual([
      { ...A, handledThrough: null, pause: null },
      { ...B, handledThrough: null, pause: null },
    ]);
    await schedules.begin(epoch, ["mart.a"], RUN);
    await schedules.settle(epoch, "mart.a", at("09:00"));
    await schedules.settle(epoch, "mart.a", at("08:30"));
    expect(await schedules.declare(epoch, [A], at("10:00"))).toEqual([
      { ...A, handledThrough: at("09:00"), pause: null },
    ]);
  });

  test("another expression goes on from now; one that never ran still has its first run before it", async () => {
    const { schedules, newEpoch } = await make();
    const epoch = await newEpoch();
    await schedules.declare(epoch, [A, B], at("08:00"));
    await schedules.settle(epoch, "mart.a", at("08:00"));
    const hourly = { cron: "5 * * * *", zone: "UTC" };
    expect(
      await schedules.declare(
        epoch,
        [
          { ...A, ...hourly },
          { ...B, ...hourly },
        ],
        at("10:00"),
      ),
    ).toEqual([
      { ...A, ...hourly, handledThrough: at("10:00"), pause: null },
      { ...B, ...hourly, handledThrough: null, pause: null },
    ]);
  });

  test("a pause stands until it ends, also while nothing is declared; what passed meanwhile is given up", async () => {
    const { schedules, newEpoch, within } = await make();
    const epoch = await newEpoch();
    await schedules.declare(epoch, [A], at("08:00"));
    await schedules.settle(epoch, "mart.a", at("08:00"));
    const pause = { by: "dev@nova.example", at: at("08:10") };
    await within((tx) => schedules.pause(tx, epoch, "mart.a", pause));
    await within((tx) => schedules.pause(tx, epoch, "mart.a", { by: "petra@nova.example", at: at("08:20") }));
    expect(await schedules.declare(epoch, [], at("08:30"))).toEqual([]);
    expect(await schedules.declare(epoch, [A], at("08:40"))).toEqual([{ ...A, handledThrough: at("08:00"), pause }]);
    await within((tx) => schedules.resume(tx, epoch, "mart.a", at("12:10")));
    expect(await schedules.declare(epoch, [A], at("12:20"))).toEqual([
      { ...A, handledThrough: at("12:10"), pause: null },
    ]);
  });

  test("an older worker changes nothing", async () => {
    const { schedules, newEpoch, within } = await make();
    const old = await newEpoch();
    await schedules.declare(old, [A], at("08:00"));
    const epoch = await newEpoch();
    const pause = { by: "dev@nova.example", at: at("08:10") };
    for (const work of [
      () => schedules.declare(old, [A], at("09:00")),
      () => schedules.begin(old, ["mart.a"], RUN),
      () => schedules.settle(old, "mart.a", at("09:00")),
      () => within((tx) => schedules.pause(tx, old, "mart.a", pause)),
      () => within((tx) => schedules.resume(tx, old, "mart.a", at("09:00"))),
    ])
      await expect(work()).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await schedules.declare(epoch, [A], at("09:30"))).toEqual([{ ...A, handledThrough: null, pause: null }]);
  });
}
