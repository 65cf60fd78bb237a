import { z } from "zod";
import { count, shortSpan, textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

const time = z.coerce.date();
const statusSchema = z.object({
  at: time,
  sources: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      since: time,
      rowsPerSecond: z.number(),
      lagSeconds: z.number().nullable(),
      lastEventAt: time.nullable(),
      dataThrough: time.nullable(),
      totalRows: z.number(),
      errors: z.number(),
      error: z.string().nullable(),
      breakers: z.array(z.string()),
    }),
  ),
  datasets: z.array(
    z.object({
      name: z.string(),
      freshness: z.string(),
      ageSeconds: z.number().nullable(),
      targetLagSeconds: z.number(),
      dataThrough: time.nullable(),
      rows: z.number().nullable(),
      failedChecks: z.number(),
    }),
  ),
  pauses: z.array(z.object({ pipeline: z.string(), by: z.string(), at: time })),
});

export type Status = z.infer<typeof statusSchema>;

export function fetchStatus(worker: WorkerClient, search = ""): Promise<Status> {
  return worker.get("/status", { search }, statusSchema);
}

/** One line per source, and below it what is wrong with those that have trouble. */
export function sourcesText({ at, sources }: Status): string {
  const ago = (moment: Date | null): string =>
    moment === null ? "–" : `${shortSpan((at.getTime() - moment.getTime()) / 1_000)} ago`;
  const table = textTable(
    [
      { title: "SOURCE", value: (source) => source.id },
      { title: "STATE", value: (source) => source.state },
      { title: "SINCE", value: (source) => ago(source.since) },
      { title: "ROWS/S", value: (source) => count(source.rowsPerSecond), right: true },
      { title: "LAG", value: (source) => shortSpan(source.lagSeconds), right: true },
      { title: "LAST EVENT", value: (source) => ago(source.lastEventAt), right: true },
      { title: "DATA THROUGH", value: (source) => ago(source.dataThrough), right: true },
      { title: "ROWS", value: (source) => count(source.totalRows), right: true },
      { title: "ERRORS", value: (source) => count(source.errors), right: true },
    ],
    sources,
  );
  const trouble = sources.flatMap(({ id, error, breakers }) => [
    ...(error === null ? [] : [`${id}: ${error}`]),
    ...breakers.map((text) => `${id}: circuit breaker open: ${text}`),
  ]);
  return [table, ...trouble].join("\n");
}

export function datasetsText({ datasets }: Status): string {
  if (datasets.length === 0) return "no dataset matches";
  return textTable(
    [
      { title: "DATASET", value: (dataset) => dataset.name },
      { title: "FRESHNESS", value: (dataset) => dataset.freshness },
      { title: "AGE", value: (dataset) => shortSpan(dataset.ageSeconds), right: true },
      { title: "TARGET", value: (dataset) => shortSpan(dataset.targetLagSeconds), right: true },
      { title: "ROWS", value: (dataset) => count(dataset.rows), right: true },
      { title: "CHECKS", value: (dataset) => (dataset.failedChecks === 0 ? "ok" : `${dataset.failedChecks} failed`) },
    ],
    datasets,
  );
}

export function statusText(status: Status): string {
  const late = status.datasets.filter((dataset) => dataset.freshness === "late").length;
  const summary = `${status.datasets.length} datasets, ${late} late, at ${status.at.toISOString()}`;
  return [sourcesText(status), "", summary, ...pauseLines(status), "", datasetsText(status)].join("\n");
}

/** Who stopped what, and the command that ends it; nothing while no pipeline is paused. */
function pauseLines({ at, pauses }: Status): string[] {
  return pauses.map((pause) => {
    const ago = shortSpan((at.getTime() - pause.at.getTime()) / 1_000);
    return `pipeline ${pause.pipeline} is paused by ${pause.by} since ${ago}: nova resume ${pause.pipeline}`;
  });
}
