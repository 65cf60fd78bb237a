import "server-only";
import { z } from "zod";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { procedure, router } from "@/server/trpc.ts";

const nameInput = z.object({ name: datasetNameSchema });
const STEPS = 40;
const RESULTS = 200;

export const datasetsRouter = router({
  /** Every dataset that holds all the words, best match first; narrowing and ordering go on in the browser. */
  list: procedure("catalog.view")
    .input(z.object({ words: z.array(z.string().min(1).max(80)).max(8) }))
    .query(({ ctx, input }) => ctx.readModels.catalog.list(input.words.map((word) => word.toLowerCase()))),
  head: procedure("dataset.view")
    .input(nameInput)
    .query(async ({ ctx, input }) => {
      const head = await ctx.readModels.dataset.head(input.name);
      if (head === null) throw new PlatformError("not-found", `There is no dataset ${input.name}.`);
      return head;
    }),
  columns: procedure("dataset.view")
    .input(nameInput)
    .query(({ ctx, input }) => ctx.readModels.dataset.columns(input.name)),
  freshness: procedure("dataset.view")
    .input(nameInput.extend({ range: z.enum(["1h", "24h", "7d"]) }))
    .query(({ ctx, input }) => ctx.readModels.datasetFreshness.history(input.name, input.range, ctx.clock.now())),
  checks: procedure("checks.view")
    .input(nameInput)
    .query(({ ctx, input }) => ctx.readModels.datasetChecks.list(input.name)),
  checkResults: procedure("checks.view")
    .input(nameInput.extend({ check: z.string().min(1).max(200) }))
    .query(({ ctx, input }) => ctx.readModels.datasetChecks.results(input.name, input.check, null, RESULTS)),
  /** A page of steps; `cursor` is the start of the last one shown. */
  steps: procedure("runs.view")
    .input(nameInput.extend({ cursor: z.date().nullish() }))
    .query(async ({ ctx, input }) => {
      const steps = await ctx.readModels.dataset.steps(input.name, input.cursor ?? null, STEPS + 1);
      const shown = steps.slice(0, STEPS);
      return { steps: shown, next: steps.length > STEPS ? (shown.at(-1)?.startedAt ?? null) : null };
    }),
  model: procedure("dataset.view")
    .input(nameInput)
    .query(({ ctx, input }) => ctx.readModels.dataset.model(input.name)),
});
