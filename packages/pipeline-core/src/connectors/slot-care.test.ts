import { expect, test } from "vitest";
import { judgeSlot, RETAINED_BYTES_LIMITS } from "./slot-care.ts";

test.each([
  [null, null, null],
  [0, "reserved", "ok"],
  [RETAINED_BYTES_LIMITS.warning, "reserved", "warning"],
  [5, "extended", "warning"],
  [RETAINED_BYTES_LIMITS.wrong, "reserved", "wrong"],
  [5, "unreserved", "wrong"],
  [null, "lost", "wrong"],
] as const)("a source that keeps %s bytes in state %s for us is %s", (bytes, state, verdict) => {
  expect(judgeSlot(bytes, state)).toBe(verdict);
});
