import "server-only";
import { procedure, router } from "@/server/trpc.ts";

/** What is drawn and how it is are asked apart: the layout never waits for states, and states come by events. */
export const pipelinesRouter = router({
  graph: procedure("lineage.view").query(({ ctx }) => ctx.readModels.pipelines.graph()),
  states: procedure("lineage.view").query(({ ctx }) => ctx.readModels.pipelines.states()),
  /** Who has the places of each concurrency pool and who waits, from the worker itself. */
  pools: procedure("runs.view").query(({ ctx }) => ctx.pools()),
});
