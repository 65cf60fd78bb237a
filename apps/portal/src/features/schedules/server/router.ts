import "server-only";
import { procedure, router } from "@/server/trpc.ts";

export const schedulesRouter = router({
  /** What waits at its gate now, from the worker itself: apart, so that the list never waits for it. */
  gates: procedure("runs.view").query(({ ctx }) => ctx.gates()),
  list: procedure("runs.view").query(async ({ ctx }) => ctx.readModels.schedules.list(ctx.clock.now())),
});
