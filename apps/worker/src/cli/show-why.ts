import { type Explanation, explanationSchema } from "@nova/pipeline-core/orchestration";
import { textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

export function fetchWhy(worker: WorkerClient, dataset: string): Promise<Explanation> {
  return worker.get("/why", { dataset }, explanationSchema);
}

/** The answer first, then every condition with its value. */
export function whyText({ dataset, state, headline, conditions }: Explanation): string {
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
