import "server-only";
import { z } from "zod";
import { may, type Role } from "@nova/pipeline-core/access";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { backfillSpecSchema, dayAt, PART_STATES } from "@nova/pipeline-core/orchestration";
import { procedure, router } from "@/server/trpc.ts";

const idInput = z.object({ id: z.uuid("must be a backfill's id") });
const LISTED = 100;
const PARTS = 100;

/** Error messages may quote rows: they are for those who may read a run's log. */
function withoutMessage<Row extends { readonly errorMessage: string | null }>(role: Role, row: Row): Row {
  return may(role, "runs.view-log") ? row : { ...row, errorMessage: null };
}

export const backfillsRouter = router({
  list: procedure("backfills.view").query(({ ctx }) => ctx.readModels.backfills.list(null, LISTED)),
  one: procedure("backfills.view")
    .input(idInput)
    .query(async ({ ctx, input }) => {
      const backfill = await ctx.readModels.backfills.one(input.id);
      if (backfill === null) throw new PlatformError("not-found", `There is no backfill ${input.id}.`);
      return backfill;
    }),
  progress: procedure("backfills.view")
    .input(idInput)
    .query(({ ctx, input }) => ctx.readModels.backfills.progress(input.id)),
  parts: procedure("backfills.view")
    .input(idInput.extend({ state: z.enum(PART_STATES).nullable(), offset: z.number().int().min(0).max(1_000_000) }))
    .query(async ({ ctx, input: { id, state, offset } }) => {
      const parts = await ctx.readModels.backfills.parts(id, state, offset, PARTS + 1);
      return {
        parts: parts.slice(0, PARTS).map((part) => withoutMessage(ctx.user.role, part)),
        more: parts.length > PARTS,
      };
    }),
  partitions: procedure("dataset.view")
    .input(z.object({ dataset: datasetNameSchema }))
    .query(({ ctx, input }) => ctx.readModels.backfills.partitions(input.dataset, dayAt(ctx.clock.now()))),
  /** How long data took to land, for the last days. */
  landing: procedure("dataset.view")
    .input(z.object({ dataset: datasetNameSchema }))
    .query(({ ctx, input }) => ctx.readModels.landing.ofDataset(input.dataset, ctx.clock.now())),
  /** Freezes a plan: what is looked at is what is submitted. */
  plan: procedure("backfills.run")
    .input(backfillSpecSchema)
    .mutation(async ({ ctx, input }) => {
      const { id } = await ctx.planBackfill(input, ctx.user.email);
      const plan = await ctx.readModels.backfills.one(id);
      if (plan === null) throw new PlatformError("not-found", `There is no plan ${id}; make it again.`);
      return plan;
    }),
});
