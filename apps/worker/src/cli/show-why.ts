import { CONDITION_IDS, WHY_STATES } from "@nova/pipeline-core/orchestration";
import { z } from "zod";
import { textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

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
export type Why = z.infer<typeof whySchema>;

export function fetchWhy(worker: WorkerClient, dataset: string): Promise<Why> {
  return worker.get("/why", { dataset }, whySchema);
}

/** The answer first, then every condition with its value. */
export function whyText({ dataset, state, headline, conditions }: Why): string {
  const head = `${dataset} is ${state}: ${headline}`;
  if (conditions.length === 0) return head;
  const table = textTable(
    [
      { title: "", value: ({ holds, blocks }) => (holds ? "ok" : blocks ? "no" : "note") },
      { title: "CONDITION", value: ({ text }) => text },
    ],
    conditions,
  );
  return `${head}\n\n${table}`;
}
