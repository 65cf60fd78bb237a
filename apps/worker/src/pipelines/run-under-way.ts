import type { DatasetName } from "@nova/pipeline-core/catalog";
import type { MarkAs } from "@nova/pipeline-core/orchestration";

/** A run under way. */
export interface OpenRun {
  readonly id: string;
  /** Aborted when a person cancels the run. */
  readonly signal: AbortSignal;
  /** Somebody waits for it: its steps go before those that are not late yet. */
  readonly asked: boolean;
  /** It fills in: its steps go behind everything live, and what becomes of them holds nothing live back. */
  readonly behind: boolean;
  /** Steps that did not succeed. */
  readonly failed: Set<DatasetName>;
  /** What a person said of its steps meanwhile. */
  readonly marks: Map<DatasetName, MarkAs>;
  /** Interrupts one step that runs. */
  readonly interrupts: Map<DatasetName, AbortController>;
  /** Interrupts all of it. */
  abort(): void;
}

/** True when steps after this one have nothing to go on with: it did not succeed, and nobody said that they may. */
export function holdsUp({ failed, marks }: OpenRun, dataset: DatasetName): boolean {
  const mark = marks.get(dataset);
  return mark === undefined ? failed.has(dataset) : mark === "failed";
}
