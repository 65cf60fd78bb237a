import { describe, expect, it } from "vitest";
import { SOURCE_STATES } from "@nova/pipeline-core/connectors";
import { POLICY } from "@nova/pipeline-core/kernel";
import { sourceTrouble } from "./source-trouble.ts";

const source = { id: "stripe", errorKind: "source-unreachable", errorMessage: "connection refused" } as const;

describe("what is said of a source", () => {
  it.each(SOURCE_STATES)("in state %s", (state) => {
    const trouble = sourceTrouble({ ...source, state });
    expect(trouble?.tone ?? null).toBe(
      {
        "not-configured": "info",
        connecting: "warn",
        snapshotting: null,
        streaming: null,
        retrying: "warn",
        stopped: "bad",
      }[state],
    );
  });

  it("shows the remedy of the error and what the worker does meanwhile", () => {
    const trouble = sourceTrouble({ ...source, state: "retrying" });
    expect(trouble).toMatchObject({ remedy: POLICY["source-unreachable"].remedy, message: "connection refused" });
    expect(trouble?.worker).toContain("keeps trying");
  });

  it("stays silent at the first connection", () => {
    expect(sourceTrouble({ ...source, state: "connecting", errorKind: null, errorMessage: null })).toBeNull();
  });
});
