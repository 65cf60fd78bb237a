import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { uuidV7Source } from "./ids.ts";

const random = { bytes: (length: number) => new Uint8Array(length).fill(0xff) };

describe("ids", () => {
  it("are UUIDs of version 7 and variant 2", () => {
    const id = uuidV7Source({ now: () => new Date("2026-01-02T03:04:05.678Z") }, random).next();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("sort as text by the millisecond they were made in", () => {
    const instants = fc.integer({ min: 0, max: 2 ** 47 });
    fc.assert(
      fc.property(instants, instants, (first, second) => {
        fc.pre(first !== second);
        const at = (time: number) => uuidV7Source({ now: () => new Date(time) }, random).next();
        expect(at(first) < at(second)).toBe(first < second);
      }),
    );
  });
});
