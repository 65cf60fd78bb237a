import "server-only";
import { z } from "zod";
import { procedure, router } from "@/server/trpc.ts";

export const searchRouter = router({
  /** Datasets, columns, streams and runs whose name holds the text anywhere. The one search of every search box. */
  all: procedure("catalog.view")
    .input(z.object({ text: z.string().trim().min(1).max(100) }))
    .query(({ ctx, input }) => ctx.readModels.search.all(input.text)),
});
