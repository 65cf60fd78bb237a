import { judgeFreshness } from "@nova/pipeline-core/catalog";
import { DAY, HOUR, MINUTE } from "@nova/pipeline-core/kernel";
import { charging } from "./charging.ts";
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
  const { state, engine, clock, slots, exclusively } = context;
  const [busiest] = [...state.commits].toSorted(([, left], [, right]) => right - left);
  if (busiest === undefined || busiest[1] < COMMITS) return null;
  const [dataset] = busiest;
  state.commits.set(dataset, 0);
  const since = clock.now().getTime();
  const urgency = (): number => (clock.now().getTime() - since) / MAINTENANCE_WAITS;
  const joined = await slots.run(urgency, () =>
    isAppendedTo(context, dataset) ? joinBeside(context, dataset) : joinInTurn(context, dataset),
  );
  // There may be more to join: it goes on when others had their turn.
  if (joined > 0) state.commits.set(dataset, Math.max(COMMITS, state.commits.get(dataset) ?? 0));
  const keep = [...state.entries.keys()].flatMap((reader) => {
    const snapshot = consumedOf(state, reader).get(dataset);
    return snapshot === undefined || snapshot === null ? [] : [snapshot];
  });
  const expired = await exclusively(dataset, () => engine.expireSnapshots({ dataset, keep }));
  if (joined + expired > 0) context.logger.debug("a table was tidied", { dataset, joined, expired });
  return dataset;
}

/** Rows are only ever added to it. */
const isAppendedTo = ({ state }: PipelineContext, dataset: string): boolean =>
  dataset.startsWith("raw.") || state.entries.get(dataset)?.kind === "append";

/**
 * Loads append beside it: those of busy logs must not wait until minutes of earlier ones are joined. Which snapshot is the
 * newest is for the next load to say; until then readers go on from the one before, which has the same rows.
 */
async function joinBeside(context: PipelineContext, dataset: string): Promise<number> {
  return (await charging(context, "upkeep", dataset, () => context.engine.joinFiles(dataset))).joined;
}

/** Both snapshots are read under the dataset's lock: a load right behind has rows that readers have not seen. */
async function joinInTurn(context: PipelineContext, dataset: string): Promise<number> {
  const { state, engine, exclusively } = context;
  const { joined, before, after } = await exclusively(dataset, async () => {
    const before = state.snapshots.get(dataset) ?? null;
    const { joined } = await charging(context, "upkeep", dataset, () => engine.joinFiles(dataset));
    const after = (await engine.snapshots([dataset])).get(dataset) ?? before;
    state.snapshots.set(dataset, after);
    return { joined, before, after };
  });
  if (before !== null && after !== before) await adoptCompacted(context, dataset, before, after);
  return joined;
}

/** A compaction's snapshot holds the same rows: readers that were at the one before it are at this one too. */
async function adoptCompacted(
  { state, catalog, epoch, clock, exclusively }: PipelineContext,
  dataset: string,
  before: string,
  after: string | null,
): Promise<void> {
  if (after === null) return;
  const readers = [...state.entries.keys()].filter((reader) => consumedOf(state, reader).has(dataset));
  for (const reader of readers)
    await exclusively(reader, async () => {
      const consumed = consumedOf(state, reader);
      if (consumed.get(dataset) !== before) return;
      await catalog.skipInputs(epoch, [{ dataset: reader, input: dataset, from: before, to: after, at: clock.now() }]);
      consumed.set(dataset, after);
    });
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
    const profile = await charging(context, "upkeep", dataset, () => engine.profile(dataset));
    await catalog.saveProfile(dataset, clock.now(), profile);
  }
}

export async function pruneRuns({ runs, clock }: PipelineContext): Promise<void> {
  const now = clock.now().getTime();
  await runs.prune({ succeededAfter: new Date(now - KEEP_RUNS), failedAfter: new Date(now - KEEP_FAILED_RUNS) });
}
