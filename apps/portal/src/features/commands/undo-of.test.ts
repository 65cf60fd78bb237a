import { COMMAND_ACTION, COMMAND_KINDS, type CommandRequest } from "@nova/pipeline-core/orchestration";
import { describe, expect, it } from "vitest";
import { undoOf } from "./undo-of.ts";

const reversible = COMMAND_KINDS.filter((kind) => /^(pause|resume)-/.test(kind));

describe("what was asked", () => {
  it.each(reversible)("is taken back by its opposite: %s", (kind) => {
    const request = { kind, target: "sales" } as CommandRequest;
    const undo = undoOf(request);
    expect(undo).toMatchObject({ target: "sales" });
    expect(undo?.kind).not.toBe(kind);
    expect(undo === null ? null : undoOf(undo)).toEqual(request);
    // Who may ask for the one may ask for the other.
    expect(undo === null ? null : COMMAND_ACTION[undo.kind]).toBe(COMMAND_ACTION[kind]);
  });

  it.each(COMMAND_KINDS.filter((kind) => !reversible.includes(kind)))("has no way back: %s", (kind) => {
    expect(undoOf({ kind, target: "curated.orders" } as CommandRequest)).toBeNull();
  });
});
