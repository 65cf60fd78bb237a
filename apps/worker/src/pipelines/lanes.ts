import type { SourceDefinition } from "@nova/novaretail";
import type { DatasetName, ModelFile } from "@nova/pipeline-core/catalog";
import type { PipelineContext } from "./context.ts";

/**
 * Which staged datasets of a source are loaded together: those that models read, by the strictest target lag (seconds) of
 * these models, and the cold rest. Lanes run beside each other, so a dataset waits for none that has more time.
 */
export type Lane = number | "cold";

/** Lanes of a source, the strictest first, the cold one last. A source that is one stream of appended rows has no cold rest. */
export function lanesOf(context: Pick<PipelineContext, "definitions">, source: SourceDefinition): Lane[] {
  if (source.stagedKind === "append") return [source.stagedTargetLag];
  const prefix = `staged.${source.id}__`;
  const read = context.definitions.models.flatMap((model) => Object.keys(model.header.inputs));
  const hot = new Set(read.filter((input) => input.startsWith(prefix)).map((input) => laneOf(context, source, input)));
  hot.delete("cold");
  return [...[...hot].toSorted((left, right) => Number(left) - Number(right)), "cold"];
}

export function laneOf(
  context: Pick<PipelineContext, "definitions">,
  source: SourceDefinition,
  dataset: DatasetName,
): Lane {
  if (source.stagedKind === "append") return source.stagedTargetLag;
  const readers = readersOf(context, dataset);
  return readers.length === 0 ? "cold" : Math.min(...readers.map((model) => model.header.target_lag));
}

/** Models that have the dataset as an input. */
export function readersOf({ definitions }: Pick<PipelineContext, "definitions">, dataset: DatasetName): ModelFile[] {
  return definitions.models.filter((model) => Object.hasOwn(model.header.inputs, dataset));
}
