import { judgeFreshness } from "@nova/pipeline-core/catalog";
import type { SourceId, SourceState } from "@nova/pipeline-core/connectors";
import { type ErrorKind, POLICY } from "@nova/pipeline-core/kernel";
import type { LineageDatasetRow, LineageGraph } from "@nova/db/read-models";
import { adjacency } from "./neighbourhood.ts";

/** Where the lateness begins: the first dataset on the way down that is behind while all it reads is not. */
export interface LateRoot {
  readonly name: string;
  readonly dataThrough: Date | null;
  readonly targetLagSeconds: number;
  readonly lastGoodRun: Date | null;
  /** From the root down to the dataset asked about, both included. */
  readonly path: readonly string[];
  /** Set when the root is fed by a source that does not flow. */
  readonly source: {
    readonly id: SourceId;
    readonly state: SourceState;
    readonly since: Date;
    readonly remedy: string | null;
  } | null;
}

export interface LateExplanation {
  /** `own`: everything it reads is within its target lag, the delay is its own. */
  readonly because: "upstream" | "own";
  readonly roots: readonly LateRoot[];
}

const FLOWING: readonly SourceState[] = ["streaming"];

/** Why a dataset is behind its target lag or not loaded; null when it is fresh. */
export function explainLate(graph: LineageGraph, focus: string, now: Date): LateExplanation | null {
  const datasets = new Map(graph.datasets.map((dataset) => [dataset.name, dataset]));
  const asked = datasets.get(focus);
  if (asked === undefined || !isBehind(asked, now)) return null;
  const { inputs } = adjacency(graph.edges);
  const behindInputs = (name: string): string[] =>
    (inputs.get(name) ?? []).filter((input) => {
      const dataset = datasets.get(input);
      return dataset !== undefined && isBehind(dataset, now);
    });
  const roots: LateRoot[] = [];
  const seen = new Set([focus]);
  const queue: string[][] = [[focus]];
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    const name = path[0] ?? focus;
    const causes = behindInputs(name).filter((input) => !path.includes(input));
    const dataset = datasets.get(name);
    if (causes.length === 0 && dataset !== undefined)
      roots.push({ ...pick(dataset), path, source: troubledSource(graph, inputs.get(name) ?? []) });
    for (const cause of causes) {
      if (seen.has(cause)) continue;
      seen.add(cause);
      queue.push([cause, ...path]);
    }
  }
  return { because: roots.some((root) => root.name !== focus) ? "upstream" : "own", roots };
}

function pick({ name, dataThrough, targetLagSeconds, lastGoodRun }: LineageDatasetRow) {
  return { name, dataThrough, targetLagSeconds, lastGoodRun };
}

function isBehind(dataset: LineageDatasetRow, now: Date): boolean {
  return judgeFreshness(dataset.dataThrough, dataset.targetLagSeconds, now).state !== "fresh";
}

function troubledSource(graph: LineageGraph, inputs: readonly string[]): LateRoot["source"] {
  const source = graph.sources.find((one) => inputs.includes(one.id) && !FLOWING.includes(one.state));
  if (source === undefined) return null;
  return { id: source.id, state: source.state, since: source.since, remedy: remedyOf(source.errorKind) };
}

function remedyOf(kind: ErrorKind | null): string | null {
  return kind === null ? null : POLICY[kind].remedy;
}
