import "server-only";
import { z } from "zod";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { COST_GROUPS, monthlyScans, monthStart } from "@nova/pipeline-core/cost";
import { SCAN_KINDS } from "@nova/pipeline-core/lakehouse";
import { procedure, router } from "@/server/trpc.ts";
import { COST_RANGES, daysOfRange } from "../cost-range.ts";

const narrowed = z.string().max(200).nullable();

export const costRouter = router({
  month: procedure("cost.view").query(async ({ ctx }) => {
    const now = ctx.clock.now();
    return monthlyScans(now, await ctx.readModels.cost.month(monthStart(now)));
  }),

  report: procedure("cost.view")
    .input(
      z.object({
        by: z.enum(COST_GROUPS),
        range: z.enum(COST_RANGES),
        kind: z.enum(SCAN_KINDS).nullable(),
        dataset: narrowed,
        pipeline: narrowed,
        owner: narrowed,
      }),
    )
    .query(async ({ ctx, input: { by, range, ...of } }) => {
      const filter = { ...daysOfRange(range, ctx.clock.now()), ...of };
      const { cost } = ctx.readModels;
      const [days, rows] = await Promise.all([cost.days(filter), cost.groups(by, filter)]);
      return { from: filter.from, to: filter.to, days, rows };
    }),

  /** What one dataset cost by day; it stands with its runs, which everyone sees. */
  ofDataset: procedure("runs.view")
    .input(z.object({ name: datasetNameSchema }))
    .query(async ({ ctx, input: { name } }) => {
      const range = daysOfRange("30d", ctx.clock.now());
      const filter = { ...range, dataset: name, kind: null, pipeline: null, owner: null };
      return { ...range, days: await ctx.readModels.cost.days(filter) };
    }),
});
