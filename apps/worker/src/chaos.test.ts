import { afterAll, beforeAll, expect, test } from "vitest";
import { FAULTS } from "../chaos/faults.ts";
import { runFault } from "../chaos/run-faults.ts";
import { startWorld, type World } from "../chaos/world.ts";

const SEED = 20_261_123;

/** The short list of `npm run chaos`, which has all of them. */
let world: World;
beforeAll(async () => {
  world = await startWorld(SEED, { disks: false });
}, 180_000);
afterAll(() => world?.stop());

test.each(FAULTS.filter((fault) => fault.short === true))(
  "sources and lake are equal after: $name",
  async (fault) => {
    expect(await runFault(world, fault)).toMatchObject({ result: "equal", detail: "" });
  },
  300_000,
);
