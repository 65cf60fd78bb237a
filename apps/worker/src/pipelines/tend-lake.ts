import { judgeFreshness } from "@nova/pipeline-core/catalog";
import { DAY, HOUR, MINUTE } from "@nova/pipeline-core/kernel";
import type { PipelineContext } from "./context.ts";
import { consumedOf } from "./lake-state.ts";

/** Commits after which a table is worth tidying. */
const COMMITS = 12;
/** After this long maintenance is as urgent as a dataset that turns late, in milliseconds. */
const MAINTENANCE_WAITS = 2 * MINUTE;
const KEEP_RUNS = 6 * HOUR;
const KEEP_FAILED_RUNS = 7 * DAY;

/** One sample of every dataset's freshness. */
export async function sampleFreshness({ state, clock, catalog }: PipelineContext): Promise<void> {
  const at = clock.now();
  const samples = [...state.entries].map(([dataset, entry]) => {
    const {
      state: judged,
      dataThrough,
      ageSeconds,
    } = judgeFreshness(state.dataThrough.get(dataset) ?? null, entry.targetLagSeconds, at);
    return { dataset, at, dataThrough, ageSeconds, state: judged };
  });
  if (samples.length > 0) await catalog.recordFreshness(samples);
}

/** Tidies the dataset that has waited longest by commits; one per call, so that it never crowds out loads. */
export async function tidyOne(context: PipelineContext): Promise<string | null> {
  const { state, engine } = context;
  const [busiest] = [...state.commits].toSorted(([, left], [, right]) => right - left);
  if (busiest === undefined || busiest[1] < COMMITS) return null;
  const [dataset] = busiest;
  state.commits.set(dataset, 0);
  const keep = [...state.entries.keys()].flatMap((reader) => {
    const snapshot = consumedOf(state, reader).get(dataset);
    return snapshot === undefined || snapshot === null ? [] : [snapshot];
  });
  const since = context.clock.now().getTime();
  const urgency = (): number => (context.clock.now().getTime() - since) / MAINTENANCE_WAITS;
  const outcome = await context.slots.run(urgency, () =>
    context.exclusively(dataset, () => engine.maintain({ dataset, keep })),
  );
  const [current] = (await engine.snapshots([dataset])).values();
  await adoptCompacted(context, dataset, current ?? null);
  if (outcome.compactedFiles + outcome.expiredSnapshots > 0)
    context.logger.debug("a table was tidied", { dataset, ...outcome });
  return dataset;
}

/** A compaction's snapshot holds the same rows: readers that were at the one before it are at this one too. */
async function adoptCompacted(context: PipelineContext, dataset: string, current: string | null): Promise<void> {
  const { state, catalog, epoch, clock } = context;
  const before = state.snapshots.get(dataset) ?? null;
  if (current === null || current === before || dataset.startsWith("raw.")) return;
  const moves = [...state.entries.keys()].flatMap((reader) => {
    const consumed = consumedOf(state, reader);
    return consumed.has(dataset) && consumed.get(dataset) === before && before !== null
      ? [{ dataset: reader, input: dataset, from: before, to: current, at: clock.now() }]
      : [];
  });
  if (moves.length > 0) await catalog.skipInputs(epoch, moves);
  for (const move of moves) consumedOf(state, move.dataset).set(dataset, current);
  state.snapshots.set(dataset, current);
}

export async function profileModels(context: PipelineContext, profiledAt: Map<string, string>): Promise<void> {
  const { state, engine, catalog, clock } = context;
  for (const [dataset, entry] of state.entries) {
    const snapshot = state.snapshots.get(dataset) ?? null;
    if (
      context.stopping.aborted ||
      snapshot === null ||
      entry.kind === "append" ||
      profiledAt.get(dataset) === snapshot
    )
      continue;
    profiledAt.set(dataset, snapshot);
    await catalog.saveProfile(dataset, clock.now(), await engine.profile(dataset));
  }
}

export async function pruneRuns({ runs, clock }: PipelineContext): Promise<void> {
  const now = clock.now().getTime();
  await runs.prune({ succeededAfter: new Date(now - KEEP_RUNS), failedAfter: new Date(now - KEEP_FAILED_RUNS) });
}
