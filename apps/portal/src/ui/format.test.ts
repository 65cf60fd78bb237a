import { expect, it } from "vitest";
import { formatAge, formatBytes, formatCompact, formatDuration, formatRate, formatShare, plural } from "./format.ts";
import { formatAbsolute, relativeText, sinceText } from "./timestamp.tsx";

it.each([
  [formatDuration(4.2), "4.2 s"],
  [formatDuration(59.6), "1 min"],
  [formatDuration(200), "3 min 20 s"],
  [formatDuration(7_200), "2 h"],
  [formatDuration(97_000), "1 d 2 h"],
  [formatAge(3_599), "59 min"],
  [formatAge(100_000), "27 h"],
  [formatBytes(0), "0 B"],
  [formatBytes(1_536), "1.5 KiB"],
  [formatCompact(9_999), "9,999"],
  [formatCompact(1_250_000), "1.3M"],
  [formatRate(0.04), "<0.1"],
  [formatRate(12.6), "13"],
  [formatShare(0.0004), "<0.1%"],
  [formatShare(0.123), "12%"],
  [plural(1, "stream"), "1 stream"],
  [plural(1_200, "stream"), "1,200 streams"],
])("%s", (shown, expected) => {
  expect(shown).toBe(expected);
});

const at = new Date("2026-11-23T12:00:00Z");

it("says how long ago a time was, and how far ahead", () => {
  expect(relativeText(at.getTime(), at.getTime() + 65_000)).toBe("1 min ago");
  expect(relativeText(at.getTime(), at.getTime() - 120_000)).toBe("in 2 min");
  expect(relativeText(at.getTime(), at.getTime() + 400)).toBe("just now");
});

it("shows times in the reader's zone, with the zone's name", () => {
  expect(formatAbsolute(at, "America/New_York")).toBe("23 Nov 2026, 07:00:00 GMT-5");
  expect(sinceText(at, at.getTime() + 4 * 60_000, "Europe/Prague")).toBe("since 13:00 (4 min)");
  expect(sinceText(at, at.getTime() + 3 * 86_400_000, "Europe/Prague")).toBe("since 23 Nov (3 d)");
});
