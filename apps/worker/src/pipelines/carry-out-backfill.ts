import type { Transaction } from "@nova/pipeline-core/kernel";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Command, CommandRequest } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { refuseMoved } from "./plan-backfills.ts";

export type BackfillRequest = Extract<CommandRequest, { readonly kind: `${string}-backfill${string}` }>;

export function isBackfillRequest(request: CommandRequest): request is BackfillRequest {
  return request.kind.includes("-backfill");
}

/** What people ask of backfills: the change and the command's end are one transaction. Throws why it cannot be. */
export async function carryOutBackfill(
  context: PipelineContext,
  command: Command,
  request: BackfillRequest,
): Promise<void> {
  const { backfills, epoch } = context;
  const { target: id } = request;
  switch (request.kind) {
    case "submit-backfill":
      // One after another, so that of two plans over the same dataset the second sees the first.
      await context.exclusively("backfills", () => submit(context, command, id));
      break;
    case "pause-backfill":
      await settling(context, command, async (tx) => {
        await backfills.pause(tx, epoch, id);
        return `backfill ${id} is paused: what runs now runs to its end, nothing more begins`;
      });
      break;
    case "resume-backfill":
      await settling(context, command, async (tx) => {
        await backfills.resume(tx, epoch, id);
        return `backfill ${id} goes on with what is left`;
      });
      break;
    case "cancel-backfill":
      await cancel(context, command, id, request.inFlight);
      break;
    case "retry-backfill":
      await settling(context, command, async (tx) => {
        const parts = await backfills.retry(tx, epoch, id);
        return `${parts} ${parts === 1 ? "partition is" : "partitions are"} queued again`;
      });
      break;
    case "set-backfill-parallelism":
      await settling(context, command, async (tx) => {
        await backfills.setParallelism(tx, epoch, id, request.parallelism);
        return `up to ${request.parallelism} ${request.parallelism === 1 ? "run" : "runs"} of backfill ${id} at once`;
      });
  }
  context.wakeBackfills();
}

async function submit(context: PipelineContext, command: Command, id: string): Promise<void> {
  const { backfills, epoch } = context;
  const backfill = await backfills.find(id);
  if (backfill === null)
    throw new PlatformError("not-found", `there is no plan ${id}; plans are kept for an hour, make it again`);
  if (backfill.state !== "planned") throw new PlatformError("conflict", `backfill ${id} was submitted already`);
  await refuseMoved(context, backfill);
  await settling(context, command, async (tx) => {
    await backfills.submit(tx, epoch, id);
    const { partitions, runs } = backfill.plan;
    return `backfill ${id} began: ${partitions} ${partitions === 1 ? "partition" : "partitions"} in ${runs} ${runs === 1 ? "run" : "runs"}`;
  });
}

async function cancel(context: PipelineContext, command: Command, id: string, inFlight: boolean): Promise<void> {
  const { backfills, epoch, runs, openRuns } = context;
  let atIt: readonly string[] = [];
  await settling(context, command, async (tx) => {
    atIt = await backfills.cancel(tx, epoch, id);
    const rest = inFlight ? "are interrupted and publish nothing" : "end by themselves";
    return `backfill ${id} is cancelled${atIt.length === 0 ? "" : `; ${atIt.length} runs that are at it ${rest}`}`;
  });
  if (!inFlight) return;
  for (const runId of atIt) {
    // A run that has just ended has nothing to cancel.
    if (!openRuns.has(runId)) continue;
    await runs.cancelRun(runId, command.requestedBy);
    openRuns.get(runId)?.abort();
  }
}

async function settling(
  { controls, commands, epoch }: PipelineContext,
  command: Command,
  work: (tx: Transaction) => Promise<string>,
): Promise<void> {
  await controls.within(async (tx) => {
    const message = await work(tx);
    await commands.settleWithin(tx, command.id, epoch, { state: "done", message, runId: null });
  });
}
