import { createHash } from "node:crypto";
import type { ConsumedInputs } from "@nova/pipeline-core/orchestration";
import { consumedInputs, type LakeState } from "./lake-state.ts";

/** The idempotency key of a dataset's rows: the same inputs and code give the same key, and are not computed twice. */
export function materialisationKey(dataset: string, codeVersion: string, inputs: ConsumedInputs): string {
  const read = Object.entries(inputs).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([dataset, codeVersion, read]))
    .digest("hex")
    .slice(0, 16);
}

/** The key of what is there now. */
export function keyNow(state: LakeState, dataset: string): string {
  const entry = state.entries.get(dataset);
  return materialisationKey(dataset, entry?.codeVersion ?? "", consumedInputs(state, dataset));
}
