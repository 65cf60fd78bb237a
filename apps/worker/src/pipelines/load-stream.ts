import type { SourceDefinition } from "@nova/novaretail";
import { rawDatasetName, type StreamSchema } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { SourceDelta } from "@nova/pipeline-core/orchestration";
import type { OpenAttempt } from "./attempt.ts";
import type { PipelineContext } from "./context.ts";
import { consumedInputs, consumedOf, countCommit } from "./lake-state.ts";
import { keyNow } from "./materialisation.ts";
import type { OpenRun } from "./run-under-way.ts";
import type { StepChange } from "./run-step.ts";

/** A staged dataset and the schema of its stream. */
export interface Member {
  readonly dataset: string;
  readonly schema: StreamSchema;
}

/**
 * One attempt to bring a stream's share of a delta into its staged dataset. `rebuild`: the delta is all that raw has, and how
 * far the dataset has read raw does not move.
 */
export async function loadStream(
  context: PipelineContext,
  source: SourceDefinition,
  delta: SourceDelta,
  { dataset, schema }: Member,
  run: OpenRun,
  attempt: OpenAttempt,
  purpose: "load" | "rebuild" = "load",
): Promise<StepChange> {
  const { engine, catalog, quarantine, epoch, clock, state } = context;
  const raw = rawDatasetName(source.id);
  const rebuild = purpose === "rebuild";
  const moves = (): { dataset: string; input: string; from: string | null; to: string; at: Date }[] =>
    rebuild ? [] : [{ dataset, input: raw, from: delta.from, to: delta.to, at: clock.now() }];
  // A rollback came between the reading of raw and this step's turn.
  const moved = !rebuild && (consumedOf(state, dataset).get(raw) ?? null) !== delta.from;
  if (moved || (state.holds.has(dataset) && !run.asked))
    throw new PlatformError("cancelled", `${dataset} was rolled back meanwhile`);
  const inputsBefore = consumedInputs(state, dataset);
  const throughBefore = state.dataThrough.get(dataset) ?? null;
  const codeVersion = state.entries.get(dataset)?.codeVersion;
  attempt.tries({
    inputsBefore,
    inputs: { ...inputsBefore, [raw]: delta.to },
    throughBefore,
    ...(codeVersion === undefined ? {} : { codeVersion }),
  });
  const change = await engine.loadStaged({
    delta,
    dataset,
    schema,
    kind: source.stagedKind,
    ...(rebuild ? { rebuild } : {}),
    signal: attempt.signal,
    async within(tx) {
      await context.runs.publishStep(tx, run.id, dataset, attempt.number);
      await catalog.advanceInputs(tx, epoch, moves());
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
  if (change.snapshotAfter === null && !rebuild) await catalog.skipInputs(epoch, moves());
  if (!rebuild) consumedOf(state, dataset).set(raw, delta.to);
  if (change.snapshotAfter !== null) countCommit(state, dataset, change.snapshotAfter);
  const progress = {
    inputsBefore,
    inputsAfter: consumedInputs(state, dataset),
    throughBefore,
    ...(codeVersion === undefined ? {} : { codeVersion }),
    key: keyNow(state, dataset),
  };
  return { ...change, progress };
}
