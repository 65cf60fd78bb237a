import { expect, test } from "vitest";
import { runningIn } from "./visibility.ts";

test("a snapshot's running transactions are known by their 32-bit numbers, also over a wrap", () => {
  const running = runningIn("4294967290:4294967300:4294967291,4294967297");
  expect([4294967290, 4294967291, 4294967295, 0, 1, 3, 4, 5].map(running)).toEqual([
    false,
    true,
    false,
    false,
    true,
    false,
    true,
    true,
  ]);
  expect([10, 20, 30].map(runningIn("20:20:"))).toEqual([false, true, true]);
});
