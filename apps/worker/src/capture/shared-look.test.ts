import { expect, test } from "vitest";
import { sharedLook } from "./shared-look.ts";

const AT = new Date("2026-11-23T09:00:00Z");

test("many who wait share one look, and a later one looks anew", async () => {
  let looks = 0;
  const look = sharedLook(async () => new Map([["staged.a", AT]]).set(`look ${(looks += 1)}`, AT), 200);
  expect(await Promise.all([look("staged.a"), look("staged.b"), look("staged.a")])).toEqual([AT, null, AT]);
  expect(looks).toBe(1);
  await expect.poll(async () => (await look("look 2")) !== null).toBe(true);
  expect(looks).toBe(2);
});

test("a look that failed is told to all who share it, and not kept", async () => {
  let looks = 0;
  const look = sharedLook(() => {
    looks += 1;
    return looks === 1 ? Promise.reject(new Error("away")) : Promise.resolve(new Map([["staged.a", AT]]));
  }, 60_000);
  const shared = await Promise.allSettled([look("staged.a"), look("staged.a")]);
  expect(shared.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await look("staged.a")).toEqual(AT);
});
