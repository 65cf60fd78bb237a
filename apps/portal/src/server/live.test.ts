import { describe, expect, it } from "vitest";
import { resumePosition } from "./live.ts";

describe("a reader that comes back", () => {
  it.each([
    ["goes on after the last event it saw", "boot-7", 7],
    ["goes on when it missed nothing that is gone", "boot-4", 4],
    ["reads everything again when events between are gone", "boot-3", null],
    ["reads everything again after the server restarted", "other-7", null],
    ["reads everything again when its place makes no sense", "boot-99", null],
    ["reads everything again when its place cannot be read", "boot", null],
  ])("%s", (_name, lastEventId, expected) => {
    expect(resumePosition(lastEventId, "boot", 5, 9)).toBe(expected);
  });
});
