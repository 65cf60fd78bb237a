import type { SourceDefinition } from "@nova/novaretail";
import { rawDatasetName, type StreamSchema } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { SourceDelta } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { consumedInputs, consumedOf, countCommit } from "./lake-state.ts";
import { keyNow } from "./materialisation.ts";
import type { OpenRun } from "./open-run.ts";
import type { StepChange } from "./run-step.ts";

/** A staged dataset and the schema of its stream. */
export interface Member {
  readonly dataset: string;
  readonly schema: StreamSchema;
}

/** One attempt to bring a stream's share of a delta into its staged dataset. */
export async function loadStream(
  context: PipelineContext,
  source: SourceDefinition,
  delta: SourceDelta,
  { dataset, schema }: Member,
  run: OpenRun,
  attempt: number,
): Promise<StepChange> {
  const { engine, catalog, quarantine, epoch, clock, state } = context;
  const raw = rawDatasetName(source.id);
  const move = { dataset, input: raw, from: delta.from, to: delta.to };
  // A rollback came between the reading of raw and this step's turn.
  if ((consumedOf(state, dataset).get(raw) ?? null) !== delta.from || (state.holds.has(dataset) && !run.asked))
    throw new PlatformError("cancelled", `${dataset} was rolled back meanwhile`);
  const inputsBefore = consumedInputs(state, dataset);
  const throughBefore = state.dataThrough.get(dataset) ?? null;
  const change = await engine.loadStaged({
    delta,
    dataset,
    schema,
    kind: source.stagedKind,
    signal: run.signal,
    async within(tx) {
      await context.runs.publishStep(tx, run.id, dataset, attempt);
      await catalog.advanceInputs(tx, epoch, [{ ...move, at: clock.now() }]);
    },
    onRefused: (rows, total) =>
      quarantine.add(
        rows.map((row, index) => ({
          source: source.id,
          stream: schema.stream,
          reason: "type-mismatch" as const,
          detail:
            index === 0 && total > rows.length
              ? `${row.detail} (one of ${total} rows; ${rows.length} are kept here, all are in raw.${source.id})`
              : row.detail,
          payload: row.payload,
          receivedAt: clock.now(),
        })),
      ),
  });
  if (change.snapshotAfter === null) await catalog.skipInputs(epoch, [{ ...move, at: clock.now() }]);
  consumedOf(state, dataset).set(raw, delta.to);
  if (change.snapshotAfter !== null) countCommit(state, dataset, change.snapshotAfter);
  const progress = {
    inputsBefore,
    inputsAfter: consumedInputs(state, dataset),
    throughBefore,
    key: keyNow(state, dataset),
  };
  return { ...change, progress };
}
