import "server-only";
import { z } from "zod";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { procedure, router } from "@/server/trpc.ts";
import { explainLate } from "../explain-late.ts";
import { MOST_DEPTH } from "../lineage-search.ts";
import { neighbourhood } from "../neighbourhood.ts";

/** More edges than this are neither readable nor drawable; the rest is counted. */
const MOST_EDGES = 400;

const nameInput = z.object({ name: datasetNameSchema });
const depth = z.number().int().min(0).max(MOST_DEPTH);

export const lineageRouter = router({
  /** The table graph round one dataset. */
  around: procedure("lineage.view")
    .input(nameInput.extend({ up: depth, down: depth, open: z.array(z.string().max(200)).max(100) }))
    .query(async ({ ctx, input }) => {
      const graph = await ctx.readModels.lineage.graph();
      if (!graph.datasets.some((dataset) => dataset.name === input.name))
        throw new PlatformError("not-found", `There is no dataset ${input.name}.`);
      return neighbourhood(graph, input.name, input);
    }),
  /** What one column is made from and what is made from it, over any number of steps. */
  column: procedure("lineage.view")
    .input(nameInput.extend({ column: z.string().min(1).max(200) }))
    .query(async ({ ctx, input }) => {
      const { lineage } = ctx.readModels;
      const [edges, graph] = await Promise.all([
        lineage.column(input.name, input.column, MOST_EDGES + 1),
        lineage.graph(),
      ]);
      const shown = edges.slice(0, MOST_EDGES);
      const names = new Set([input.name, ...shown.flatMap((edge) => [edge.fromDataset, edge.toDataset])]);
      return {
        edges: shown,
        cut: edges.length > MOST_EDGES,
        datasets: graph.datasets.filter((dataset) => names.has(dataset.name)),
      };
    }),
  /** Why a dataset is late: where the lateness begins; null while it is fresh. */
  late: procedure("lineage.view")
    .input(nameInput)
    .query(async ({ ctx, input }) => explainLate(await ctx.readModels.lineage.graph(), input.name, ctx.clock.now())),
});
