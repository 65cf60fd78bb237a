import type { WorkerFigures } from "@nova/db/read-models";
import { RETAINED_BYTES_LIMITS } from "@nova/pipeline-core/connectors";
import type { FastifyInstance } from "fastify";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

export interface WorkerMetrics {
  readonly registry: Registry;
  countCommit(dataset: string): void;
  /** What became of lineage events. */
  countLineage(fate: string, events: number): void;
  countQuery(state: string, seconds: number): void;
}

export function createMetrics(): WorkerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "nova_worker_" });
  const commits = new Counter({
    name: "nova_commits_total",
    help: "Table commits since the worker started.",
    labelNames: ["dataset"],
    registers: [registry],
  });
  const queries = new Counter({
    name: "nova_queries_total",
    help: "Queries by people since the worker started.",
    labelNames: ["state"],
    registers: [registry],
  });
  const queryTime = new Histogram({
    name: "nova_query_seconds",
    help: "Time of queries by people.",
    buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [registry],
  });
  const lineage = new Counter({
    name: "nova_lineage_events_total",
    help: "OpenLineage events since the worker started, by what became of them.",
    labelNames: ["fate"],
    registers: [registry],
  });
  return {
    registry,
    countLineage: (fate, events) => lineage.inc({ fate }, events),
    countCommit: (dataset) => commits.inc({ dataset }),
    countQuery(state, seconds) {
      queries.inc({ state });
      queryTime.observe(seconds);
    },
  };
}

/** `GET /metrics` in the Prometheus text format. Figures that survive a restart are read from the metadata store per scrape. */
export function registerMetrics(
  app: FastifyInstance,
  deps: { readonly figures: () => Promise<WorkerFigures>; readonly metrics: WorkerMetrics },
): void {
  const { registry } = deps.metrics;
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const rows = gauge("nova_source_rows", "Rows taken in from the source so far.", ["source"]);
  const bytes = gauge("nova_source_bytes", "Bytes taken in from the source so far.", ["source"]);
  const errors = gauge("nova_source_errors", "Errors of the source so far.", ["source"]);
  const lag = gauge("nova_source_lag_seconds", "Seconds between the source's newest change and what is committed.", [
    "source",
  ]);
  const state = gauge("nova_source_state", "1 for the state the source is in.", ["source", "state"]);
  const retained = gauge("nova_source_retained_bytes", "Bytes of log that the source keeps on its disk for us.", [
    "source",
  ]);
  const retainedLimit = gauge("nova_source_retained_bytes_limit", "From how many kept bytes on someone should look.", [
    "level",
  ]);
  for (const [level, limit] of Object.entries(RETAINED_BYTES_LIMITS)) retainedLimit.set({ level }, limit);
  const slot = gauge("nova_source_slot_state", "1 for what the source says of the log it keeps for us.", [
    "source",
    "state",
  ]);
  const streams = gauge("nova_source_streams", "Streams of the source that do not flow.", ["source", "state"]);
  const runs = gauge("nova_runs_last_hour", "Runs that ended within the last hour.", ["pipeline", "state"]);
  const runTime = gauge("nova_run_seconds", "Duration of the runs of the last hour.", [
    "pipeline",
    "state",
    "quantile",
  ]);
  const age = gauge("nova_dataset_age_seconds", "Seconds since the data-through time of the dataset.", ["dataset"]);
  const target = gauge("nova_dataset_target_lag_seconds", "How old the dataset may be.", ["dataset"]);

  app.get("/metrics", async (_request, reply) => {
    const figures = await deps.figures();
    for (const one of [state, lag, retained, slot, runs, runTime, age, target]) one.reset();
    for (const source of figures.sources) {
      rows.set({ source: source.id }, source.rows);
      bytes.set({ source: source.id }, source.bytes);
      errors.set({ source: source.id }, source.errors);
      state.set({ source: source.id, state: source.state }, 1);
      if (source.retainedBytes !== null) retained.set({ source: source.id }, source.retainedBytes);
      if (source.slotState !== null) slot.set({ source: source.id, state: source.slotState }, 1);
      streams.set({ source: source.id, state: "failed" }, source.streamsFailed);
      streams.set({ source: source.id, state: "paused" }, source.streamsPaused);
      if (source.lagSeconds !== null) lag.set({ source: source.id }, source.lagSeconds);
    }
    for (const { pipeline, state: ended, count, p50, p95 } of figures.runs) {
      runs.set({ pipeline, state: ended }, count);
      runTime.set({ pipeline, state: ended, quantile: "0.5" }, p50);
      runTime.set({ pipeline, state: ended, quantile: "0.95" }, p95);
    }
    for (const dataset of figures.datasets) {
      age.set({ dataset: dataset.name }, dataset.ageSeconds);
      target.set({ dataset: dataset.name }, dataset.targetLagSeconds);
    }
    return reply.type(registry.contentType).send(await registry.metrics());
  });
}
