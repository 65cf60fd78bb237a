import "server-only";
import { type Explanation, explanationSchema } from "@nova/pipeline-core/orchestration";
import { askWorker, type WorkerAddress } from "./ask-worker.ts";

/** What the worker's scheduler knows. */
export function workerScheduler(address: WorkerAddress): { explain: (dataset: string) => Promise<Explanation> } {
  return {
    explain: (dataset) =>
      askWorker(address, `/why?dataset=${encodeURIComponent(dataset)}`, explanationSchema, {
        timeoutMillis: 5_000,
        silent: "The worker does not answer, so nobody knows what it waits for.",
      }),
  };
}
