import "server-only";
import { z } from "zod";
import { type BackfillSpec, type Explanation, explanationSchema } from "@nova/pipeline-core/orchestration";
import { askWorker, type WorkerAddress } from "./ask-worker.ts";

const plannedSchema = z.object({ id: z.uuid() });

export interface WorkerScheduler {
  explain(dataset: string): Promise<Explanation>;
  planBackfill(spec: BackfillSpec, email: string): Promise<{ readonly id: string }>;
}

/** What the worker's scheduler knows, and plans. */
export function workerScheduler(address: WorkerAddress): WorkerScheduler {
  return {
    explain: (dataset) =>
      askWorker(address, `/why?dataset=${encodeURIComponent(dataset)}`, explanationSchema, {
        timeoutMillis: 5_000,
        silent: "The worker does not answer, so nobody knows what it waits for.",
      }),
    planBackfill: (spec, email) =>
      askWorker(address, "/backfills/plan", plannedSchema, {
        body: { spec, email },
        timeoutMillis: 60_000,
        silent: "The worker does not answer; it is the one that plans.",
      }),
  };
}
