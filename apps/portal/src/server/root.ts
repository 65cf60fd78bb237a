import "server-only";
import { backfillsRouter } from "@/features/backfills/server/router.ts";
import { commandsRouter } from "@/features/commands/server/router.ts";
import { datasetsRouter } from "@/features/datasets/server/router.ts";
import { samplesRouter } from "@/features/datasets/server/samples-router.ts";
import { diffsRouter } from "@/features/diffs/server/router.ts";
import { driftRouter } from "@/features/drift/server/router.ts";
import { homeRouter } from "@/features/home/server/router.ts";
import { lineageRouter } from "@/features/lineage/server/router.ts";
import { pipelinesRouter } from "@/features/pipelines/server/router.ts";
import { profileRouter } from "@/features/profile/server/router.ts";
import { queriesRouter } from "@/features/queries/server/router.ts";
import { runsRouter } from "@/features/runs/server/router.ts";
import { costRouter } from "@/features/cost/server/router.ts";
import { schedulesRouter } from "@/features/schedules/server/router.ts";
import { searchRouter } from "@/features/search/server/router.ts";
import { liveRouter } from "@/features/shell/server/router.ts";
import { sourcesRouter } from "@/features/sources/server/router.ts";
import { router } from "./trpc.ts";

/** Every router of the portal. Each lives in `features/<noun>/server/router.ts`. */
export const appRouter = router({
  backfills: backfillsRouter,
  commands: commandsRouter,
  datasets: datasetsRouter,
  diffs: diffsRouter,
  drift: driftRouter,
  home: homeRouter,
  lineage: lineageRouter,
  live: liveRouter,
  pipelines: pipelinesRouter,
  profile: profileRouter,
  queries: queriesRouter,
  runs: runsRouter,
  samples: samplesRouter,
  cost: costRouter,
  schedules: schedulesRouter,
  search: searchRouter,
  sources: sourcesRouter,
});

export type AppRouter = typeof appRouter;
