import { parametersText } from "@nova/pipeline-core/catalog";
import type { DayRange } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";

/**
 * Days of a dataset that stand by other parameters than the defaults, and what computes them by these, for people; null when
 * none do. A run takes up what changed: it leaves such days as they are.
 */
export async function otherParametersText(
  { definitions, partitions }: Pick<PipelineContext, "definitions" | "partitions">,
  dataset: string,
): Promise<string | null> {
  const model = definitions.models.find(({ name }) => name === dataset);
  if (model === undefined || Object.keys(model.header.parameters).length === 0) return null;
  const marked = await partitions.marked(dataset);
  const [first] = marked;
  const last = marked.at(-1);
  if (first === undefined || last === undefined) return null;
  const days = marked.map((range) => `${rangeText(range)} (${parametersText(range.parameters)})`).join(", ");
  return `days of ${dataset} that stand by other parameters stay so where nothing changed: ${days}; by the defaults again: npm run nova -- backfill ${dataset} --from ${first.from} --to ${last.to} --scope all`;
}

function rangeText({ from, to }: DayRange): string {
  return from === to ? from : `${from} to ${to}`;
}
