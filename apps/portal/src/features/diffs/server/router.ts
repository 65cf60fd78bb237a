import "server-only";
import { z } from "zod";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { DIFF_BASES, ENVIRONMENT_NAME, stepPair } from "@nova/pipeline-core/orchestration";
import { procedure, router } from "@/server/trpc.ts";

const stepInput = z.object({
  id: z.uuid("must be a run's id"),
  dataset: datasetNameSchema,
  against: z.enum(DIFF_BASES),
});
const snapshot = z.string().regex(/^\d{1,19}$/, "must be a snapshot's id");
const pairInput = z.object({ dataset: datasetNameSchema, before: snapshot.nullable(), after: snapshot });
const environment = z.string().regex(ENVIRONMENT_NAME, "must be the name of an environment");

/**
 * Snapshots of datasets, and what differs between two of them. A router of its own, so that no commit compares again by itself: snapshots do not
 * change.
 */
export const diffsRouter = router({
  /** Snapshots that are still kept, newest first, with the run that published each; null for upkeep. */
  snapshots: procedure("dataset.view")
    .input(z.object({ dataset: datasetNameSchema }))
    .query(async ({ ctx, input: { dataset } }) => {
      const kept = await ctx.diffs.snapshots(dataset);
      const runs = await ctx.readModels.dataset.runsOfSnapshots(dataset, kept);
      const byId = new Map(runs.map(({ snapshotId, runId }) => [snapshotId, runId]));
      return kept.map((snapshot) => ({ ...snapshot, runId: byId.get(snapshot.snapshotId) ?? null }));
    }),
  /** Schema and counts of two snapshots, without reading a row. */
  ofPair: procedure("dataset.view")
    .input(pairInput)
    .query(({ ctx, input }) => ctx.diffs.summary(input)),
  /** Other environments whose datasets can be put beside those here. */
  environments: procedure("dataset.view").query(({ ctx }) => ctx.diffs.environments()),
  /** The dataset in another environment and here, as both are now. */
  ofEnvironment: procedure("dataset.view")
    .input(z.object({ dataset: datasetNameSchema, environment }))
    .query(({ ctx, input }) => ctx.diffs.against(input)),
  /** The same of what a step wrote; or why there is nothing to compare. */
  ofStep: procedure("dataset.view")
    .input(stepInput)
    .query(async ({ ctx, input: { id, dataset, against } }) => {
      const compared = (await ctx.readModels.runComparison.ofRun(id)).find((one) => one.dataset === dataset);
      if (compared === undefined) throw new PlatformError("not-found", `The run has no step of ${dataset} that began.`);
      const pair = stepPair(dataset, compared.now, compared.lastGood, against);
      return "none" in pair ? pair : { summary: await ctx.diffs.summary(pair.pair) };
    }),
  /** Compares the rows, or tells how far that is. */
  rows: procedure("dataset.sample")
    .input(pairInput.extend({ environment: environment.optional() }))
    .query(({ ctx, input }) => ctx.diffs.rows(input, ctx.user.userId)),
});
