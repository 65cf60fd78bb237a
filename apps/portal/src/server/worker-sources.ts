import "server-only";
import { type SourceDiagnosis, sourceDiagnosisSchema, type SourceId } from "@nova/pipeline-core/connectors";
import { askWorker, type WorkerAddress } from "./ask-worker.ts";

export interface WorkerSources {
  /** Checks the source now, in the name of `email`. */
  check(source: SourceId, email: string): Promise<SourceDiagnosis>;
}

export function workerSources(address: WorkerAddress): WorkerSources {
  return {
    check: (source, email) =>
      askWorker(address, `/sources/${source}/check`, sourceDiagnosisSchema, {
        body: { email },
        // Every table of the source is looked at.
        timeoutMillis: 60_000,
        silent: "The worker does not answer, so nothing can be checked now.",
      }),
  };
}
