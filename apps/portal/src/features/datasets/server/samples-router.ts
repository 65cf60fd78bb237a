import "server-only";
import { z } from "zod";
import { READABLE_LAYERS } from "@nova/pipeline-core/access";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { type ErrorKind, PlatformError } from "@nova/pipeline-core/kernel";
import { procedure, router } from "@/server/trpc.ts";
import { sampleSql } from "../ready-sql.ts";

const ROWS = 20;
const LIMITS = { rows: ROWS, bytes: 512 * 1024, milliseconds: 15_000 } as const;
/** Between two looks at a query that still runs; the page call itself waits for rows. */
const LOOK_AGAIN_MILLIS = 150;

/**
 * Rows of a dataset for looking at. A router of its own, so that a commit does not run the query again by itself: the
 * page offers it instead.
 */
export const samplesRouter = router({
  newest: procedure("dataset.sample")
    .input(z.object({ name: datasetNameSchema }))
    .query(async ({ ctx, input }) => {
      const head = await ctx.readModels.dataset.head(input.name);
      if (head === null) throw new PlatformError("not-found", `There is no dataset ${input.name}.`);
      if (!READABLE_LAYERS[ctx.user.role].includes(head.layer))
        throw new PlatformError(
          "forbidden",
          `Rows of ${head.layer} datasets hold personal data in free form; your role may not read them.`,
        );
      const { userId } = ctx.user;
      const id = await ctx.queries.start({ sql: sampleSql(head, ROWS, head.dataThrough), userId, limits: LIMITS });
      const deadline = ctx.clock.now().getTime() + LIMITS.milliseconds;
      let status = await ctx.queries.status(id, userId);
      while (status.state === "running" && ctx.clock.now().getTime() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MILLIS));
        status = await ctx.queries.status(id, userId);
      }
      if (status.state === "running") await ctx.queries.cancel(id, userId);
      if (status.state !== "succeeded") throw refused(status.error);
      const page = await ctx.queries.page(id, userId, 0);
      const prefix = `${input.name}.`;
      return {
        columns: status.columns ?? [],
        rows: page.rows,
        masked: status.masked.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length)),
        truncated: status.truncated,
        snapshotId: head.snapshotId,
        committedAt: head.committedAt,
        readAt: ctx.clock.now(),
      };
    }),
});

function refused(error: { readonly kind: ErrorKind; readonly message: string } | null): PlatformError {
  return error === null
    ? new PlatformError("query-limit", `The rows did not come within ${LIMITS.milliseconds / 1_000} seconds.`)
    : new PlatformError(error.kind, error.message);
}
