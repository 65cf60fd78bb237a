import { parametersText } from "@nova/pipeline-core/catalog";
import { isErrorKind, POLICY } from "@nova/pipeline-core/kernel";
import { inputDifferences } from "@nova/pipeline-core/orchestration";
import type { Command } from "commander";
import { z } from "zod";
import { count, shortSpan, textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

const time = z.coerce.date().nullable();
const comparedSchema = z.object({
  runId: z.string(),
  startedAt: time,
  seconds: z.number().nullable(),
  rowsIn: z.number().nullable(),
  inputs: z.record(z.string(), z.string().nullable()).nullable(),
  codeVersion: z.string().nullable(),
  parameters: z.record(z.string(), z.string()).nullish(),
});
const runStepsSchema = z.object({
  id: z.string(),
  pipeline: z.string(),
  trigger: z.string(),
  state: z.string(),
  createdAt: z.coerce.date(),
  steps: z.array(
    z.object({
      dataset: z.string(),
      state: z.string(),
      reason: z.string(),
      startedAt: time,
      endedAt: time,
      rowsOut: z.number().nullable(),
      snapshotBefore: z.string().nullable(),
      snapshotAfter: z.string().nullable(),
      skipReason: z.string().nullable(),
      mark: z.object({ by: z.string(), reason: z.string() }).nullable(),
      key: z.string().nullable(),
      parameters: z.record(z.string(), z.string()).nullish(),
      errorKind: z.string().nullable(),
      errorMessage: z.string().nullable(),
      attempts: z.array(z.unknown()),
    }),
  ),
  compared: z.array(
    z.object({
      dataset: z.string(),
      now: comparedSchema,
      lastGood: comparedSchema.nullable(),
      partitions: z.enum(["same", "other"]).nullable(),
    }),
  ),
});
export type RunSteps = z.infer<typeof runStepsSchema>;
type Step = RunSteps["steps"][number];

interface ShowDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

/** `nova runs show <run>`; what the page of a run tells. */
export function addShowRun(runs: Command, { worker, print, printJson }: ShowDeps): void {
  runs
    .command("show <run>")
    .description(
      "one run: its steps, why each ran, what failed and what to do, and what differs from the last good run",
    )
    .option("--json", "as JSON")
    .action(async (id: string, { json }: { json?: boolean }) => {
      const run = await (await worker()).get(`/runs/${encodeURIComponent(id)}/steps`, {}, runStepsSchema);
      if (json === true) printJson(run);
      else print(runText(run));
    });
}

export function runText(run: RunSteps): string {
  const began = run.createdAt.toISOString().slice(0, 19).replace("T", " ");
  const table = textTable<Step>(
    [
      { title: "STEP", value: ({ dataset }) => dataset },
      { title: "STATE", value: ({ state }) => state },
      { title: "TRIES", value: ({ attempts }) => String(attempts.length), right: true },
      { title: "TOOK", value: (step) => shortSpan(secondsOf(step)), right: true },
      { title: "ROWS", value: ({ rowsOut }) => count(rowsOut), right: true },
      { title: "SNAPSHOTS", value: snapshotsText },
      { title: "WHY", value: ({ reason }) => reason },
    ],
    run.steps,
  );
  return [
    `run ${run.id} of ${run.pipeline} (${run.trigger}) ${run.state}, begun ${began} UTC`,
    table,
    ...run.steps.flatMap((step) => notesOf(step)),
    ...run.compared.flatMap((one) => differencesText(one)),
  ].join("\n");
}

function secondsOf({ startedAt, endedAt }: Step): number | null {
  return startedAt === null || endedAt === null ? null : (endedAt.getTime() - startedAt.getTime()) / 1000;
}

function snapshotsText({ snapshotBefore, snapshotAfter }: Step): string {
  if (snapshotAfter === null) return "–";
  return snapshotBefore === snapshotAfter
    ? `${snapshotAfter} (as before)`
    : `${snapshotBefore ?? "none"} → ${snapshotAfter}`;
}

function notesOf(step: Step): string[] {
  const { dataset, parameters } = step;
  const given =
    parameters === null || parameters === undefined ? [] : [`${dataset}: computed with ${parametersText(parameters)}`];
  return [...given, ...troubleOf(step)];
}

function troubleOf({ dataset, state, mark, skipReason, errorKind, errorMessage }: Step): string[] {
  if (mark !== null && state === "done-by-hand")
    return [`${dataset}: marked as done by ${mark.by}, no rows were changed: ${mark.reason}`];
  if (skipReason !== null) return [`${dataset}: ${skipReason}`];
  if (errorKind === null) return [];
  const remedy = isErrorKind(errorKind) ? [`  ${POLICY[errorKind].remedy}`] : [];
  return [`${dataset}: ${errorKind}: ${errorMessage ?? ""}`, ...remedy];
}

function differencesText({ dataset, now, lastGood, partitions }: RunSteps["compared"][number]): string[] {
  if (lastGood === null) return [`${dataset}: there is no good run before this one`];
  const inputs = inputDifferences(now.inputs, lastGood.inputs);
  const code =
    now.codeVersion === null || lastGood.codeVersion === null
      ? "code not known"
      : now.codeVersion === lastGood.codeVersion
        ? "the same code"
        : `code ${lastGood.codeVersion.slice(0, 8)} → ${now.codeVersion.slice(0, 8)}`;
  const read =
    inputs === null
      ? "inputs not known"
      : inputs.length === 0
        ? "the same inputs"
        : inputs.map(({ input, before, now: after }) => `${input} ${before ?? "none"} → ${after ?? "none"}`).join(", ");
  const rows = `${count(lastGood.rowsIn)} → ${count(now.rowsIn)} rows in`;
  const took = `${shortSpan(lastGood.seconds)} → ${shortSpan(now.seconds)}`;
  const which =
    partitions === null
      ? "the last good run"
      : partitions === "same"
        ? "the last good run of these partitions"
        : "the last good run; none of these partitions is known";
  const values = [lastGood, now].map(({ parameters }) =>
    parameters === null || parameters === undefined ? "the defaults" : parametersText(parameters),
  );
  const by = values[0] === values[1] ? "" : `${values.join(" → ")}; `;
  return [`${dataset} beside ${lastGood.runId}, ${which}: ${code}; ${by}${read}; ${rows}; ${took}`];
}
