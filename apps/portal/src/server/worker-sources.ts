import "server-only";
import type { SourceDiagnosis, SourceId } from "@nova/pipeline-core/connectors";
import { type ErrorKind, PlatformError, POLICY } from "@nova/pipeline-core/kernel";
import { z } from "zod";
import type { WorkerAddress } from "./worker-client.ts";

const diagnosisSchema = z.object({
  findings: z.array(
    z.object({
      requirement: z.string(),
      outcome: z.enum(["ok", "warning", "wrong"]),
      found: z.string(),
      remedy: z.string().nullable(),
    }),
  ),
});
const failureSchema = z.object({
  error: z.object({ kind: z.enum(Object.keys(POLICY) as [ErrorKind, ...ErrorKind[]]), message: z.string() }),
});
const ANSWER_MILLIS = 60_000;

export interface WorkerSources {
  /** Checks the source now. Throws `overloaded` when the worker cannot be reached. */
  check(source: SourceId, email: string): Promise<SourceDiagnosis>;
}

export function workerSources({ url, token }: WorkerAddress): WorkerSources {
  return {
    async check(source, email) {
      const response = await fetch(new URL(`/internal/sources/${source}/check`, url), {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ email }),
        signal: AbortSignal.timeout(ANSWER_MILLIS),
      }).catch((cause: unknown) => {
        throw new PlatformError("overloaded", "The worker does not answer, so nothing can be checked now.", { cause });
      });
      const answer: unknown = await response.json().catch(() => undefined);
      const parsed = response.ok ? diagnosisSchema.safeParse(answer) : null;
      if (parsed?.success === true) return parsed.data;
      const failure = failureSchema.safeParse(answer);
      throw failure.success
        ? new PlatformError(failure.data.error.kind, failure.data.error.message)
        : new PlatformError("internal", `the worker answered with HTTP ${response.status}`);
    },
  };
}
