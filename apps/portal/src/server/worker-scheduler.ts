import "server-only";
import { z } from "zod";
import { type ErrorKind, PlatformError, POLICY } from "@nova/pipeline-core/kernel";
import { CONDITION_IDS, type Explanation, WHY_STATES } from "@nova/pipeline-core/orchestration";
import type { WorkerAddress } from "./worker-client.ts";

const kind = z.enum(Object.keys(POLICY) as [ErrorKind, ...ErrorKind[]]);
const failureSchema = z.object({ error: z.object({ kind, message: z.string() }) });
const whySchema = z.object({
  dataset: z.string(),
  state: z.enum(WHY_STATES),
  headline: z.string(),
  conditions: z.array(
    z.object({
      id: z.enum(CONDITION_IDS),
      holds: z.boolean(),
      blocks: z.boolean(),
      text: z.string(),
      until: z.coerce.date().nullable(),
    }),
  ),
});
const ANSWER_MILLIS = 5_000;

/** What the worker's scheduler knows, over its internal HTTP API. Throws `overloaded` when the worker does not answer. */
export function workerScheduler({ url, token }: WorkerAddress): { explain: (dataset: string) => Promise<Explanation> } {
  return {
    async explain(dataset) {
      const response = await fetch(new URL(`/internal/why?dataset=${encodeURIComponent(dataset)}`, url), {
        headers: { authorization: `Bearer ${token}` },
        signal: AbortSignal.timeout(ANSWER_MILLIS),
      }).catch((cause: unknown) => {
        throw new PlatformError("overloaded", "The worker does not answer, so nobody knows what it waits for.", {
          cause,
        });
      });
      const answer: unknown = await response.json().catch(() => undefined);
      if (!response.ok) {
        const failure = failureSchema.safeParse(answer);
        if (failure.success) throw new PlatformError(failure.data.error.kind, failure.data.error.message);
        throw new PlatformError("internal", `the worker answered with HTTP ${response.status}`);
      }
      return whySchema.parse(answer);
    },
  };
}
