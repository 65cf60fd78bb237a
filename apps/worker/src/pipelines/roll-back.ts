import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  type Command,
  type CommandOutcome,
  type ConsumedInputs,
  downstreamOf,
  type RolledBack,
  type StoredStep,
} from "@nova/pipeline-core/orchestration";
import { buildables } from "./asked-run.ts";
import type { PipelineContext } from "./context.ts";
import { consumedOf } from "./lake-state.ts";

/**
 * Takes a dataset back to the snapshot before a run: the table's pointer, what it has consumed, how far it is through, the
 * hold and the command's end are one transaction. What is made from it reads the older rows at its next refresh.
 */
export async function rollBackDataset(
  context: PipelineContext,
  command: Command,
  dataset: string,
  runId: string,
): Promise<void> {
  const step = await stepToUndo(context, dataset, runId);
  await context.exclusively(dataset, async () => {
    const { state, engine, controls, commands, epoch, clock } = context;
    const snapshotId = step.snapshotBefore ?? "";
    const consumed = await consumedBefore(context, dataset, step);
    const downstream = downstreamOf(dataset, buildables(context));
    const dataThrough = step.progress?.throughBefore ?? null;
    const at = clock.now();
    const to: RolledBack = {
      dataset,
      snapshotId,
      runId,
      by: command.requestedBy,
      at,
      consumed,
      dataThrough,
      downstream,
    };
    const outcome: CommandOutcome = {
      state: "done",
      runId,
      message: `${dataset} stands at snapshot ${snapshotId} again, before run ${runId.slice(0, 8)}; it stays there until it is released or run again${
        downstream.length === 0 ? "" : `. Stale until their next refresh: ${downstream.join(", ")}`
      }`,
    };
    await engine.rollBack({
      dataset,
      to: snapshotId,
      async within(tx) {
        await controls.rollBack(tx, epoch, to);
        if (step.startedAt !== null) await context.partitions.unmarkSince(tx, dataset, step.startedAt);
        await commands.settleWithin(tx, command.id, epoch, outcome);
      },
    });
    if (state.heldBack.delete(dataset)) await context.partitions.holdBack(epoch, dataset, null);
    state.holds.set(dataset, { dataset, snapshotId, runId, by: command.requestedBy, at });
    state.snapshots.set(dataset, snapshotId);
    state.unchecked.add(dataset);
    for (const [input, snapshot] of Object.entries(consumed)) consumedOf(state, dataset).set(input, snapshot);
    for (const name of [dataset, ...downstream]) {
      const through = state.dataThrough.get(name) ?? null;
      state.dataThrough.set(
        name,
        dataThrough === null || through === null || through < dataThrough ? dataThrough : through,
      );
    }
    await context.catalog.recordCommits([{ dataset, committedAt: at, ...(await engine.tableStats(dataset)) }]);
  });
  context.wake();
}

async function stepToUndo({ runs, state }: PipelineContext, dataset: string, runId: string): Promise<StoredStep> {
  if (!state.entries.has(dataset)) throw new PlatformError("not-found", `there is no dataset ${dataset}`);
  if (dataset.startsWith("raw."))
    throw new PlatformError("conflict", `${dataset} is the record of what came in; it is not rolled back`);
  const run = await runs.find(runId);
  const step = run?.steps.find((one) => one.dataset === dataset);
  if (step === undefined)
    throw new PlatformError("not-found", `run ${runId} is not known any more, or has no step for ${dataset}`);
  if (step.state !== "succeeded" || step.snapshotAfter === step.snapshotBefore)
    throw new PlatformError("conflict", `run ${runId} changed nothing in ${dataset}`);
  if (step.snapshotBefore === null)
    throw new PlatformError(
      "conflict",
      `${dataset} had no rows before run ${runId}; there is no snapshot to go back to`,
    );
  return step;
}

/**
 * What the dataset had consumed at that snapshot. Null for an input whose history is gone: everything is then compared,
 * which ends in the same rows, except for datasets that only add rows, which would have them twice.
 */
async function consumedBefore(
  { state, engine }: PipelineContext,
  dataset: string,
  step: StoredStep,
): Promise<ConsumedInputs> {
  const consumed: Record<string, string | null> = {};
  for (const input of consumedOf(state, dataset).keys()) {
    const snapshot = step.progress?.inputsBefore[input] ?? null;
    const kept = snapshot !== null && (await engine.history(input)).includes(snapshot);
    if (!kept && state.entries.get(dataset)?.kind === "append")
      throw new PlatformError(
        "conflict",
        `${dataset} only adds rows, and how far it had read ${input} before that run is no longer known; rows would come twice`,
      );
    consumed[input] = kept ? snapshot : null;
  }
  return consumed;
}
