import { z } from "zod";
import { count, shortSpan, textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

const runsSchema = z.array(
  z.object({
    id: z.string(),
    pipeline: z.string(),
    trigger: z.string(),
    state: z.string(),
    createdAt: z.coerce.date(),
    seconds: z.number().nullable(),
    rowsOut: z.number(),
    datasets: z.array(z.string()),
    error: z.string().nullable(),
  }),
);

export type Runs = z.infer<typeof runsSchema>;

export interface RunsOptions {
  readonly state?: string;
  readonly dataset?: string;
  readonly limit?: string;
}

export function fetchRuns(worker: WorkerClient, { state, dataset, limit }: RunsOptions): Promise<Runs> {
  return worker.get("/runs", { state, dataset, limit }, runsSchema);
}

const runDaysSchema = z.array(
  z.object({
    day: z.string(),
    succeeded: z.number(),
    failed: z.number(),
    skipped: z.number(),
    cancelled: z.number(),
    rowsOut: z.number(),
    meanSeconds: z.number().nullable(),
    longestSeconds: z.number(),
  }),
);

export type RunDays = z.infer<typeof runDaysSchema>;

/** Days also of runs that were removed long ago. */
export function fetchRunDays(worker: WorkerClient, { dataset, limit }: RunsOptions): Promise<RunDays> {
  return worker.get("/run-days", { dataset, limit }, runDaysSchema);
}

export function runDaysText(days: RunDays): string {
  if (days.length === 0) return "nothing ran for this dataset";
  return textTable(
    [
      { title: "DAY", value: ({ day }) => day },
      { title: "SUCCEEDED", value: ({ succeeded }) => count(succeeded), right: true },
      { title: "FAILED", value: ({ failed }) => count(failed), right: true },
      { title: "SKIPPED", value: ({ skipped }) => count(skipped), right: true },
      { title: "CANCELLED", value: ({ cancelled }) => count(cancelled), right: true },
      { title: "ROWS", value: ({ rowsOut }) => count(rowsOut), right: true },
      { title: "MEAN", value: ({ meanSeconds }) => shortSpan(meanSeconds), right: true },
      { title: "LONGEST", value: ({ longestSeconds }) => shortSpan(longestSeconds), right: true },
    ],
    days,
  );
}

export function runsText(runs: Runs): string {
  if (runs.length === 0) return "no run matches";
  return textTable(
    [
      { title: "RUN", value: (run) => run.id },
      { title: "PIPELINE", value: (run) => run.pipeline },
      { title: "STATE", value: (run) => run.state },
      { title: "STARTED", value: (run) => run.createdAt.toISOString().slice(0, 19).replace("T", " ") },
      { title: "TOOK", value: (run) => shortSpan(run.seconds), right: true },
      { title: "ROWS", value: (run) => count(run.rowsOut), right: true },
      {
        title: "DATASETS",
        value: (run) =>
          run.datasets.length > 2
            ? `${run.datasets.slice(0, 2).join(", ")} +${run.datasets.length - 2}`
            : run.datasets.join(", "),
      },
      { title: "ERROR", value: (run) => run.error ?? "" },
    ],
    runs,
  );
}
