import type { KeptSnapshot } from "@nova/pipeline-core/orchestration";
import { describe, expect, it } from "vitest";
import { choosePair } from "./choose-pair.ts";

const snapshot = (snapshotId: string, wrote: KeptSnapshot["wrote"] = "rows"): KeptSnapshot => ({
  snapshotId,
  wrote,
  committedAt: new Date(0),
  rows: 1,
  current: false,
});
const NONE = { from: null, to: null };

describe("the two snapshots that are compared", () => {
  it("are the newest that wrote rows and the one it follows, where the address names none", () => {
    expect(choosePair([snapshot("4", "upkeep"), snapshot("3"), snapshot("2"), snapshot("1")], NONE)).toEqual({
      from: "2",
      to: "3",
    });
  });

  it("are those of the address, also when one has expired", () => {
    expect(choosePair([snapshot("4"), snapshot("3")], { from: "1", to: "3" })).toEqual({ from: "1", to: "3" });
    expect(choosePair([snapshot("4"), snapshot("3")], { from: null, to: "1" })).toEqual({ from: null, to: "1" });
  });

  it("are not there before the second one", () => {
    expect(choosePair([snapshot("1")], NONE)).toEqual({ from: null, to: "1" });
    expect(choosePair([], NONE)).toEqual(NONE);
  });
});
