import "server-only";
import { z } from "zod";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { COMMAND_ACTION, type CommandKind, commandRequestSchema } from "@nova/pipeline-core/orchestration";
import { procedure, router } from "@/server/trpc.ts";

const POINTS = 12;
const nameInput = z.object({ name: datasetNameSchema });
const askInput = z.object({
  request: commandRequestSchema,
  /** The same key is the same command, however often the button is pressed. */
  key: z.uuid("must be the key of the dialog"),
});

/** One procedure a kind, so that each stands under the right that the matrix names for it. */
function ask(kind: CommandKind) {
  return procedure(COMMAND_ACTION[kind])
    .input(askInput)
    .mutation(async ({ ctx, input: { request, key } }) => {
      if (request.kind !== kind)
        throw new PlatformError("invalid-input", `request.kind: must be ${kind}, not ${request.kind}`);
      const { command } = await ctx.commands.request(request, { actor: ctx.user.email, key });
      return command;
    });
}

export const commandsRouter = router({
  runDataset: ask("run-dataset"),
  cancelRun: ask("cancel-run"),
  retryRun: ask("retry-run"),
  markRun: ask("mark-run"),
  unmarkRun: ask("unmark-run"),
  rollbackDataset: ask("rollback-dataset"),
  releaseDataset: ask("release-dataset"),
  pausePipeline: ask("pause-pipeline"),
  resumePipeline: ask("resume-pipeline"),
  pauseSchedule: ask("pause-schedule"),
  resumeSchedule: ask("resume-schedule"),
  submitBackfill: ask("submit-backfill"),
  pauseBackfill: ask("pause-backfill"),
  resumeBackfill: ask("resume-backfill"),
  cancelBackfill: ask("cancel-backfill"),
  retryBackfill: ask("retry-backfill"),
  setBackfillParallelism: ask("set-backfill-parallelism"),
  setPool: ask("set-pool"),
  resetPool: ask("reset-pool"),
  /** What became of a command. */
  one: procedure("runs.view")
    .input(z.object({ id: z.uuid("must be a command's id") }))
    .query(async ({ ctx, input }) => {
      const command = await ctx.commands.find(input.id);
      if (command === null) throw new PlatformError("not-found", `There is no command ${input.id}.`);
      return command;
    }),
  pauses: procedure("runs.view").query(({ ctx }) => ctx.readModels.steering.pauses()),
  hold: procedure("dataset.view")
    .input(nameInput)
    .query(({ ctx, input }) => ctx.readModels.steering.holdOf(input.name)),
  ofRun: procedure("runs.view")
    .input(z.object({ id: z.uuid("must be a run's id") }))
    .query(({ ctx, input }) => ctx.readModels.steering.ofRun(input.id)),
  rollbackPoints: procedure("datasets.roll-back")
    .input(nameInput)
    .query(({ ctx, input }) => ctx.readModels.steering.rollbackPoints(input.name, POINTS)),
  /** Why a dataset is not running, from the scheduler itself. */
  why: procedure("dataset.view")
    .input(nameInput)
    .query(({ ctx, input }) => ctx.explain(input.name)),
});
