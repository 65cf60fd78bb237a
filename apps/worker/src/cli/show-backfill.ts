import { parametersText } from "@nova/pipeline-core/catalog";
import { BACKFILL_STATES, PART_STATES, PER_RANGE, type PerRun, rangesText } from "@nova/pipeline-core/orchestration";
import { z } from "zod";
import { count, shortSpan, textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

const partsSchema = z.record(z.enum(PART_STATES), z.number());
const rangeSchema = z.object({ from: z.string(), to: z.string() });
const detailSchema = z.object({
  id: z.string(),
  state: z.enum(BACKFILL_STATES),
  parallelism: z.number(),
  requestedBy: z.string(),
  parts: partsSchema,
  plan: z.object({
    partitions: z.number(),
    runs: z.number(),
    rows: z.number(),
    bytes: z.number(),
    seconds: z.number().nullable(),
    dollars: z.string(),
    datasets: z.array(
      z.object({
        dataset: z.string(),
        reason: z.string(),
        ranges: z.array(rangeSchema).nullable(),
        partitions: z.number(),
        rows: z.number(),
        seconds: z.number().nullable(),
        parameters: z.record(z.string(), z.string()).optional(),
      }),
    ),
    cuts: z
      .array(
        z.object({
          perRun: z.union([z.number(), z.literal(PER_RANGE)]),
          runs: z.number(),
          bytesRead: z.number(),
          dollars: z.string(),
        }),
      )
      .optional(),
    spec: z.object({ perRun: z.union([z.number(), z.literal(PER_RANGE)]).optional() }),
    affected: z.array(z.object({ dataset: z.string(), owner: z.string() })),
    atRisk: z.array(z.object({ dataset: z.string(), targetLagSeconds: z.number(), runSeconds: z.number() })),
    notes: z.array(z.string()),
    hash: z.string(),
  }),
});
const listSchema = z.array(
  z.object({
    id: z.string(),
    dataset: z.string(),
    state: z.enum(BACKFILL_STATES),
    requestedBy: z.string(),
    createdAt: z.coerce.date(),
    parts: partsSchema,
  }),
);
export type ShownBackfill = z.infer<typeof detailSchema>;
type Parts = z.infer<typeof partsSchema>;

export function fetchBackfill(worker: WorkerClient, id: string): Promise<ShownBackfill> {
  return worker.get(`/backfills/${id}`, {}, detailSchema);
}

export function fetchBackfills(worker: WorkerClient): Promise<z.infer<typeof listSchema>> {
  return worker.get("/backfills", {}, listSchema);
}

/** The plan as it is frozen: what is done, what it takes, who notices. */
export function planText({ id, plan }: ShownBackfill): string {
  const table = textTable(
    [
      { title: "DATASET", value: (one) => one.dataset },
      { title: "PARTITIONS", value: (one) => count(one.partitions), right: true },
      { title: "DAYS", value: (one) => (one.ranges === null ? "whole" : shorten(rangesText(one.ranges))) },
      { title: "ROWS NOW", value: (one) => count(one.rows), right: true },
      { title: "TAKES", value: (one) => shortSpan(one.seconds), right: true },
      { title: "WHY", value: (one) => one.reason },
    ],
    plan.datasets,
  );
  const lines = [
    `plan ${id} (${plan.hash})`,
    table,
    `${count(plan.partitions)} partitions in ${count(plan.runs)} runs, ${count(plan.rows)} rows there now, about ${shortSpan(plan.seconds)}, $${plan.dollars} of reads on AWS`,
    ...plan.datasets.flatMap(({ dataset, parameters }) =>
      parameters === undefined ? [] : [`${dataset} with ${parametersText(parameters)}`],
    ),
    ...(plan.cuts ?? []).map(
      ({ perRun, runs, bytesRead, dollars }) =>
        `${perRun === plan.spec.perRun ? "*" : " "} ${perRunText(perRun)}: ${count(runs)} ${runs === 1 ? "run" : "runs"}, ${megabytes(bytesRead)} read, $${dollars}`,
    ),
    plan.affected.length === 0 ? null : `follow by themselves: ${plan.affected.map((one) => one.dataset).join(", ")}`,
    ...plan.atRisk.map(
      (one) =>
        `target lag at risk: ${one.dataset} (${one.targetLagSeconds} s; one run takes ${shortSpan(one.runSeconds)})`,
    ),
    ...plan.notes,
  ];
  return lines.filter((line) => line !== null).join("\n");
}

function perRunText(perRun: PerRun): string {
  if (perRun === PER_RANGE) return "a run for each range";
  return perRun === 1 ? "a run for each day" : `a run for ${perRun} days`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function backfillText(shown: ShownBackfill): string {
  return [
    `backfill ${shown.id} is ${shown.state}: ${partsText(shown.parts)}`,
    `asked by ${shown.requestedBy}, up to ${shown.parallelism} at once`,
    planText(shown),
  ].join("\n");
}

export function backfillsText(list: z.infer<typeof listSchema>): string {
  if (list.length === 0) return "no backfill yet";
  return textTable(
    [
      { title: "BACKFILL", value: (one) => one.id },
      { title: "DATASET", value: (one) => one.dataset },
      { title: "STATE", value: (one) => one.state },
      { title: "PARTITIONS", value: (one) => partsText(one.parts) },
      { title: "ASKED BY", value: (one) => one.requestedBy },
    ],
    list,
  );
}

function partsText(parts: Parts): string {
  const some = PART_STATES.filter((state) => (parts[state] ?? 0) > 0);
  return some.map((state) => `${count(parts[state] ?? 0)} ${state}`).join(", ") || "nothing begun";
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
