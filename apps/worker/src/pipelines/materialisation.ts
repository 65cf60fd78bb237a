import { createHash } from "node:crypto";
import type { ParameterValues } from "@nova/pipeline-core/catalog";
import type { ConsumedInputs } from "@nova/pipeline-core/orchestration";
import { consumedInputs, type LakeState } from "./lake-state.ts";

/**
 * The idempotency key of a dataset's rows: the same inputs, code and parameters give the same key, and are not computed twice.
 * `parameters`: those that are not the defaults.
 */
export function materialisationKey(
  dataset: string,
  codeVersion: string,
  inputs: ConsumedInputs,
  parameters?: ParameterValues,
): string {
  const read = Object.entries(inputs).toSorted(([left], [right]) => (left < right ? -1 : 1));
  return createHash("sha256")
    .update(JSON.stringify([dataset, codeVersion, read, ...(parameters === undefined ? [] : [parameters])]))
    .digest("hex")
    .slice(0, 16);
}

/** The key of what is there now, or of what is computed now with other parameters than the defaults. */
export function keyNow(state: LakeState, dataset: string, parameters?: ParameterValues): string {
  const entry = state.entries.get(dataset);
  return materialisationKey(dataset, entry?.codeVersion ?? "", consumedInputs(state, dataset), parameters);
}
