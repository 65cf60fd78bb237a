import type { DiffBase } from "@nova/pipeline-core/orchestration";

/** The command line that shows the same. */
export function diffCommand(runId: string, dataset: string, against: DiffBase): string {
  const beside = against === "last-good" ? "" : ` --against ${against}`;
  return `npm run nova -- runs diff ${runId} --dataset ${dataset}${beside}`;
}
