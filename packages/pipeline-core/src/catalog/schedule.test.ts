import { describe, expect, it } from "vitest";
import { lastTick, nextTick, nextTicks, scheduledLag, scheduleSchema, wallClock } from "./schedule.ts";

const berlin = (cron: string) => ({ cron, zone: "Europe/Berlin" });
const times = (cron: string, after: string, count: number): string[] =>
  nextTicks(berlin(cron), new Date(after), count).map((tick) => tick.toISOString().slice(0, 16));

describe("a schedule", () => {
  it("goes by the wall clock of its zone, in summer and in winter", () => {
    expect(times("0 6 * * *", "2026-10-23T12:00:00Z", 3)).toEqual([
      "2026-10-24T04:00",
      "2026-10-25T05:00",
      "2026-10-26T05:00",
    ]);
    expect(wallClock(new Date("2026-10-25T05:00:00Z"), "Europe/Berlin")).toBe("2026-10-25 06:00");
  });

  it("runs once after the gap where clocks go forward", () => {
    expect(times("30 2 * * *", "2026-03-28T12:00:00Z", 2)).toEqual(["2026-03-29T01:00", "2026-03-30T00:30"]);
  });

  it("runs once where an hour comes twice", () => {
    expect(times("30 2 * * *", "2026-10-24T12:00:00Z", 2)).toEqual(["2026-10-25T00:30", "2026-10-26T01:30"]);
    expect(times("30 2,14 * * *", "2026-10-24T22:00:00Z", 2)).toEqual(["2026-10-25T00:30", "2026-10-25T13:30"]);
  });

  it("that goes by steps follows the hours that really pass", () => {
    expect(times("*/30 * * * *", "2026-10-25T00:10:00Z", 3)).toEqual([
      "2026-10-25T00:30",
      "2026-10-25T01:00",
      "2026-10-25T01:30",
    ]);
  });

  it("after downtime has one missed tick, the last", () => {
    const hourly = berlin("0 * * * *");
    const away = new Date("2026-11-20T08:00:00Z");
    expect(lastTick(hourly, away, new Date("2026-11-23T09:30:00Z"))).toEqual(new Date("2026-11-23T09:00:00Z"));
    expect(lastTick(hourly, away, new Date("2026-11-20T08:59:59.999Z"))).toBeNull();
    expect(lastTick(hourly, away, new Date("2026-11-20T09:00:00Z"))).toEqual(new Date("2026-11-20T09:00:00Z"));
    expect(lastTick(hourly, away, new Date("2026-11-20T09:00:00.400Z"))).toEqual(new Date("2026-11-20T09:00:00Z"));
    expect(nextTick(hourly, new Date("2026-11-20T09:00:00Z"))).toEqual(new Date("2026-11-20T10:00:00Z"));
  });

  it("allows the age that the longest wait between two ticks gives", () => {
    expect(scheduledLag(berlin("0 * * * *"))).toBe(2 * 3_600);
    expect(scheduledLag(berlin("15 6-20 * * *"))).toBe(11 * 3_600);
    expect(scheduledLag(berlin("0 6 * * 1-5"))).toBe((72 + 1) * 3_600);
  });

  it.each([
    [{ cron: "0 6 * *", zone: "UTC" }, /five parts/],
    [{ cron: "0 0 6 * * *", zone: "UTC" }, /five parts/],
    [{ cron: "61 6 * * *", zone: "UTC" }, /Invalid value for minute/],
    [{ cron: "@daily", zone: "UTC" }, /@daily are not taken/],
    [{ cron: "0 6 30 2 *", zone: "UTC" }, /never comes to pass/],
    [{ cron: "0 6 * * *", zone: "Mars/Phobos" }, /IANA/],
    [{ cron: "0 6 * * *", zone: "+02:00" }, /IANA/],
  ])("%j is refused with what is wrong", (given, message) => {
    const { error } = scheduleSchema.safeParse(given);
    expect(error?.issues.map((issue) => issue.message).join()).toMatch(message);
  });
});
