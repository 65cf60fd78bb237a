import "server-only";
import { tracked } from "@trpc/server";
import { z } from "zod";
import { procedure, router } from "@/server/trpc.ts";

export const liveRouter = router({
  /** What changes on the platform, as it changes: topics and ids, never content. One subscription per tab. */
  events: procedure("home.view")
    .input(z.object({ lastEventId: z.string().nullish() }).optional())
    .subscription(async function* ({ ctx, input, signal }) {
      const ended = signal ?? new AbortController().signal;
      for await (const { id, event } of ctx.live.events(input?.lastEventId ?? null, ended)) yield tracked(id, event);
    }),
  /** The worker's last sign of life; the shell warns when it is old. */
  worker: procedure("home.view").query(({ ctx }) => ctx.readModels.live.workerHeartbeat()),
});
