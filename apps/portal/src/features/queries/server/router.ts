import "server-only";
import { z } from "zod";
import { may, READABLE_LAYERS } from "@nova/pipeline-core/access";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { procedure, router } from "@/server/trpc.ts";

const idInput = z.object({ id: z.uuid("must be a query's id") });
const HISTORY_ROWS = 30;

export const queriesRouter = router({
  /** What the signed-in person may query, with columns. */
  datasets: procedure("query.run").query(({ ctx }) => ctx.readModels.queries.datasets(READABLE_LAYERS[ctx.user.role])),
  mine: procedure("query.run")
    .input(z.object({ cursor: z.date().nullish() }))
    .query(async ({ ctx, input }) => {
      const rows = await ctx.readModels.queries.mine(ctx.user.userId, input.cursor ?? null, HISTORY_ROWS);
      return { rows, next: rows.length === HISTORY_ROWS ? (rows.at(-1)?.startedAt ?? null) : null };
    }),
  /** A query on record: one's own, or anybody's for those who may see any. */
  one: procedure("query.run")
    .input(idInput)
    .query(async ({ ctx, input }) => {
      const query = await ctx.readModels.queries.one(input.id);
      if (query === null || (query.userId !== ctx.user.userId && !may(ctx.user.role, "query.view-any")))
        throw new PlatformError("not-found", "There is no such query among yours.");
      return query;
    }),
  start: procedure("query.run")
    .input(
      z.object({
        sql: z
          .string()
          .trim()
          .min(1, "Write a SELECT first.")
          .max(100_000, "The query has more than 100,000 characters."),
        rows: z.number().int().min(1).max(10_000),
      }),
    )
    .mutation(async ({ ctx, input }) => ({
      id: await ctx.queries.start({ sql: input.sql, userId: ctx.user.userId, limits: { rows: input.rows } }),
    })),
  status: procedure("query.run")
    .input(idInput)
    .query(({ ctx, input }) => ctx.queries.status(input.id, ctx.user.userId)),
  page: procedure("query.run")
    .input(idInput.extend({ after: z.number().int().min(0) }))
    .query(({ ctx, input }) => ctx.queries.page(input.id, ctx.user.userId, input.after)),
  cancel: procedure("query.run")
    .input(idInput)
    .mutation(({ ctx, input }) => ctx.queries.cancel(input.id, ctx.user.userId)),
});
