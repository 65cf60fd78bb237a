import { createHash } from "node:crypto";
import type { CatalogEntry, DatasetName } from "@nova/pipeline-core/catalog";
import type { Clock } from "@nova/pipeline-core/kernel";
import {
  type ColumnLineageEdge,
  type LineageShape,
  type OpenLineageEvent,
  type OpenLineageOrigin,
  type OpenLineageState,
  pipelineRunEvent,
  stepRunEvent,
} from "@nova/pipeline-core/lineage";

/** Where events about runs go. Must neither wait nor throw. */
export interface LineageEvents {
  readonly origin: OpenLineageOrigin;
  emit(event: OpenLineageEvent): void;
}

export type StepEnd =
  | { readonly state: "COMPLETE"; readonly rows: number; readonly bytes: number }
  | { readonly state: "FAIL"; readonly error: string }
  | { readonly state: "ABORT" };

/** Told of every run and of each of its steps that begins. */
export interface RunTeller {
  runBegan(runId: string, pipeline: string): void;
  stepBegan(runId: string, dataset: DatasetName): void;
  /** `began` false: nobody was told that it began, so only its run is told of. A step done by hand wrote nothing: nobody is told. */
  stepEnded(runId: string, dataset: DatasetName, end: StepEnd, began?: boolean): void;
  runEnded(runId: string): void;
}

interface LineageFacts {
  readonly entries: ReadonlyMap<DatasetName, CatalogEntry>;
  readonly columnLineage: ReadonlyMap<DatasetName, readonly ColumnLineageEdge[]>;
}

/** Tells of runs as OpenLineage events; without `events` nobody is told. */
export function createTeller(events: LineageEvents | undefined, facts: LineageFacts, clock: Clock): RunTeller {
  /** The worst that came of a run's steps, by run. */
  const open = new Map<string, { readonly pipeline: string; worst: OpenLineageState; error: string | null }>();
  const shape = (name: DatasetName): LineageShape => ({ name, columns: facts.entries.get(name)?.columns ?? [] });
  const tellStep = (runId: string, dataset: DatasetName, state: OpenLineageState, end?: StepEnd): void => {
    const run = open.get(runId);
    const entry = facts.entries.get(dataset);
    if (run === undefined || events === undefined) return;
    const step = {
      runId: stepRunId(runId, dataset),
      parent: { runId, pipeline: run.pipeline },
      inputs: (entry?.inputs ?? []).map(shape),
      output: shape(dataset),
      edges: facts.columnLineage.get(dataset) ?? [],
      sql: entry?.sql ?? "",
      ...(end?.state === "COMPLETE" ? { written: { rows: end.rows, bytes: end.bytes } } : {}),
    };
    const error = end?.state === "FAIL" ? { error: end.error } : {};
    events.emit(stepRunEvent(events.origin, step, { state, at: clock.now(), ...error }));
  };
  return {
    runBegan(runId, pipeline) {
      if (events === undefined) return;
      open.set(runId, { pipeline, worst: "COMPLETE", error: null });
      events.emit(pipelineRunEvent(events.origin, { runId, pipeline }, { state: "START", at: clock.now() }));
    },
    stepBegan: (runId, dataset) => tellStep(runId, dataset, "START"),
    stepEnded(runId, dataset, end, began = true) {
      if (began) tellStep(runId, dataset, end.state, end);
      const run = open.get(runId);
      if (run === undefined || end.state === "COMPLETE" || run.worst === "FAIL") return;
      run.worst = end.state;
      if (end.state === "FAIL") run.error = `${dataset}: ${end.error}`;
    },
    runEnded(runId) {
      const run = open.get(runId);
      if (run === undefined || events === undefined) return;
      open.delete(runId);
      const { pipeline, worst, error } = run;
      const moment = { state: worst, at: clock.now(), ...(error === null ? {} : { error }) };
      events.emit(pipelineRunEvent(events.origin, { runId, pipeline }, moment));
    },
  };
}

/** A step's own UUID (RFC 9562 version 5): the same for every event of it. */
function stepRunId(runId: string, dataset: DatasetName): string {
  const hex = createHash("sha1").update(`${runId} ${dataset}`).digest("hex");
  const variant = ((Number.parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(18, 20)}-${hex.slice(20, 32)}`;
}
