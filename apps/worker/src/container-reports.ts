import type { Db } from "@nova/db/client";
import {
  backfillsReadModel,
  costReadModel,
  landingReadModel,
  listRuns,
  readStatus,
  runReadModel,
  schedulesReadModel,
} from "@nova/db/read-models";
import type { Clock } from "@nova/pipeline-core/kernel";
import { dayAt } from "@nova/pipeline-core/orchestration";
import type { ReportDeps } from "./http/reports.ts";

/** The part of the container that reads what the command line shows, by the read models of the screens. */
export function reportsOf({ db, clock }: { readonly db: Db; readonly clock: Clock }): ReportDeps {
  return {
    status: (search) => readStatus(db, clock, search),
    runs: (filter) => listRuns(db, filter),
    run: runReadModel(db.pool),
    schedules: () => schedulesReadModel(db.pool).list(clock.now()),
    partitions: (dataset) => backfillsReadModel(db.pool).partitions(dataset, dayAt(clock.now())),
    landing: (dataset) => landingReadModel(db.pool).ofDataset(dataset, clock.now()),
    cost: costReadModel(db.pool),
    clock,
  };
}
