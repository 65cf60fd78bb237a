import "server-only";
import { z } from "zod";
import { DRIFT_CHOICES, NEW_TABLE_RULES, SOURCE_IDS } from "@nova/pipeline-core/connectors";
import { procedure, router } from "@/server/trpc.ts";

export const driftRouter = router({
  items: procedure("sources.view")
    .input(
      z.object({
        source: z.enum(SOURCE_IDS).nullable(),
        dataset: z.string().min(1).max(300).nullable(),
        openOnly: z.boolean(),
      }),
    )
    .query(({ ctx, input }) => ctx.readModels.drift.items(input)),
  countOpen: procedure("sources.view").query(({ ctx }) => ctx.readModels.drift.countOpen()),
  /** On record with its audit entry; takes effect at the next load, also when the worker is away now. */
  settle: procedure("drift.settle")
    .input(
      z.object({
        item: z.uuid(),
        choice: z.enum(DRIFT_CHOICES),
        target: z.string().min(1).max(300).nullable(),
      }),
    )
    .mutation(({ ctx, input }) => ctx.drift.decide({ ...input, decidedBy: ctx.user.email })),
  setNewTableRule: procedure("drift.settle")
    .input(z.object({ source: z.literal("orders_db"), rule: z.enum(NEW_TABLE_RULES) }))
    .mutation(({ ctx, input }) => ctx.drift.setNewTableRule(input.source, input.rule, ctx.user.email)),
});
