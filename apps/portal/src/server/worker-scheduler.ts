import "server-only";
import { z } from "zod";
import {
  type BackfillSpec,
  type Explanation,
  explanationSchema,
  type GateState,
  gateStatesSchema,
  type PoolState,
  poolStatesSchema,
} from "@nova/pipeline-core/orchestration";
import { askWorker, type WorkerAddress } from "./ask-worker.ts";

const plannedSchema = z.object({ id: z.uuid() });

export interface WorkerScheduler {
  explain(dataset: string): Promise<Explanation>;
  pools(): Promise<readonly PoolState[]>;
  gates(): Promise<readonly GateState[]>;
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
    pools: () =>
      askWorker(address, "/pools", poolStatesSchema, {
        timeoutMillis: 5_000,
        silent: "The worker does not answer, so nobody knows who has a place.",
      }),
    gates: () =>
      askWorker(address, "/gates", gateStatesSchema, {
        timeoutMillis: 5_000,
        silent: "The worker does not answer, so nobody knows what waits at a gate.",
      }),
    planBackfill: (spec, email) =>
      askWorker(address, "/backfills/plan", plannedSchema, {
        body: { spec, email },
        timeoutMillis: 60_000,
        silent: "The worker does not answer; it is the one that plans.",
      }),
  };
}
