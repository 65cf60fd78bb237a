import type { DatasetName } from "@nova/pipeline-core/catalog";
import { MINUTE } from "@nova/pipeline-core/kernel";
import {
  type BackfillDataset,
  type BackfillFacts,
  type BackfillSpec,
  type Day,
  datasetsOf,
  type PartitionFacts,
  partitionGrain,
} from "@nova/pipeline-core/orchestration";
import { backfillOptions } from "./catalog-entries.ts";
import { charging } from "./charging.ts";
import type { PipelineContext } from "./context.ts";
import { lateAtGate } from "./judge-models.ts";

/** Least time between two looks at the partitions of a dataset. */
const SURVEY_MILLIS = 5 * MINUTE;

/** Everything that can be done again, inputs first: staged tables that are merged by key, then models. */
export function backfillable({ state, definitions }: PipelineContext): Omit<BackfillDataset, "rows" | "bytes">[] {
  const merged = [...state.schemas.keys()].filter((name) => state.entries.get(name)?.kind === "merge");
  const staged = merged.map((name) => {
    const entry = state.entries.get(name);
    return {
      name,
      kind: "rebuild" as const,
      owner: entry?.owner ?? "",
      inputs: entry?.inputs ?? [],
      grain: { per: "whole" as const },
      codeVersion: entry?.codeVersion ?? "",
      targetLagSeconds: entry?.targetLagSeconds ?? Number.POSITIVE_INFINITY,
    };
  });
  const models = definitions.models.map(({ name, header, codeVersion }) => ({
    name,
    kind: "recompute" as const,
    owner: header.owner,
    inputs: Object.keys(header.inputs),
    grain: partitionGrain(header),
    codeVersion,
    targetLagSeconds: header.target_lag,
    options: backfillOptions(header),
    wholeInputs: Object.entries(header.inputs).flatMap(([input, { range }]) => (range === undefined ? [input] : [])),
  }));
  return [...staged, ...models];
}

/** What a plan is made from, looked up in the lake and the stores now. */
export async function backfillFacts(context: PipelineContext, spec: BackfillSpec): Promise<BackfillFacts> {
  const { engine, backfills, clock } = context;
  const bare = backfillable(context).map((one) => ({ ...one, rows: 0, bytes: 0 }));
  const names = datasetsOf(spec, bare).filter((name) => bare.some((one) => one.name === name));
  const inputs = [...new Set(bare.filter(({ name }) => names.includes(name)).flatMap((one) => one.inputs))];
  const [stats, snapshots, partitions, seconds, unfinished] = await Promise.all([
    statsOf(context, [...new Set([...names, ...inputs])]),
    engine.snapshots(inputs),
    partitionsOf(context, bare, names),
    context.partitions.secondsOf(names),
    backfills.open(),
  ]);
  const now = clock.now();
  return {
    now,
    gated: new Map(
      names.flatMap((name) => {
        const late = lateAtGate(context, name, now);
        return late === null ? [] : [[name, late] as const];
      }),
    ),
    datasets: bare.map((one) => ({ ...one, ...stats.get(one.name) })),
    snapshots,
    partitions,
    seconds,
    inputBytes: new Map(inputs.map((input) => [input, stats.get(input)?.bytes ?? 0])),
    open: new Map(unfinished.flatMap(({ id, plan }) => plan.datasets.map(({ dataset }) => [dataset, id] as const))),
  };
}

async function statsOf({ engine }: PipelineContext, names: readonly DatasetName[]) {
  const stats = await Promise.all(names.map(async (name) => [name, await engine.tableStats(name)] as const));
  return new Map(stats.map(([name, { rowCount, bytes }]) => [name, { rows: rowCount, bytes }]));
}

async function partitionsOf(
  context: PipelineContext,
  known: readonly BackfillDataset[],
  names: readonly DatasetName[],
): Promise<Map<DatasetName, PartitionFacts>> {
  const found = new Map<DatasetName, PartitionFacts>();
  for (const name of names) {
    const grain = known.find((one) => one.name === name)?.grain;
    if (grain?.per !== "day") continue;
    const [survey, tried] = await Promise.all([surveyDataset(context, name), context.backfills.tried(name)]);
    found.set(name, { first: survey.first, days: survey.days, empty: tried.succeeded, failed: tried.failed });
  }
  return found;
}

/** Looks at a dataset's partitions and puts what it finds on record for the screens. */
export async function surveyDataset(
  context: PipelineContext,
  dataset: DatasetName,
): Promise<{ readonly first: Day | null; readonly days: PartitionFacts["days"] }> {
  const { engine, definitions, clock } = context;
  const model = definitions.models.find(({ name }) => name === dataset);
  const grain = model === undefined ? { per: "whole" as const } : partitionGrain(model.header);
  if (model === undefined || grain.per === "whole") return { first: null, days: [] };
  const snapshotId = (await engine.snapshots([dataset])).get(dataset) ?? null;
  const { days, firsts } = await charging(context, "upkeep", dataset, async () => ({
    days: (await engine.daysOf(dataset, grain.column)) ?? [],
    firsts: await Promise.all(
      Object.entries(model.header.inputs).map(async ([input, { range }]) =>
        range === undefined ? null : engine.firstDayOf(input, range.column),
      ),
    ),
  }));
  const first = [...firsts, days[0]?.day ?? null].filter((day) => day !== null).toSorted()[0] ?? null;
  await context.partitions.saveSurvey({ dataset, first, snapshotId, at: clock.now(), days });
  return { first, days };
}

/** Looks again at partitions that changed since, each at most every so often: it is one pass over a column. */
export async function surveyChanged(context: PipelineContext): Promise<void> {
  const { definitions, partitions, state, clock } = context;
  for (const { name, header } of definitions.models) {
    if (partitionGrain(header).per === "whole" || context.stopping.aborted) continue;
    const snapshot = state.snapshots.get(name) ?? null;
    const known = await partitions.survey(name);
    const fresh = known !== null && clock.now().getTime() - known.at.getTime() < SURVEY_MILLIS;
    if (snapshot !== null && !fresh && known?.snapshotId !== snapshot) await surveyDataset(context, name);
  }
}
