import type { SourceDefinition } from "@nova/novaretail";
import { breakerText, rawDatasetName, stagedDatasetName } from "@nova/pipeline-core/connectors";
import type { SourceDelta } from "@nova/pipeline-core/orchestration";
import { setThrough } from "./carry-freshness.ts";
import { loadPipeline } from "./catalog-entries.ts";
import type { PipelineContext } from "./context.ts";
import { awaitsFirstRead, consumedOf, countCommit, startsByItself } from "./lake-state.ts";
import { type Lane, laneOf, lanesOf } from "./lanes.ts";
import { loadStream, type Member } from "./load-stream.ts";
import { withRun } from "./open-run.ts";
import { log, runStep, skipStep } from "./run-step.ts";
import { syncStreams } from "./sync-catalog.ts";

/** Rows of one load; a longer backlog (a first snapshot) is taken in several, so that a failure repeats little. */
export const MAX_ROWS = 400_000;

/**
 * Loads what is new in a source's raw dataset into the staged datasets of one lane. Datasets that stand at the same raw
 * snapshot share one read; after a failure the one that stayed behind catches up by itself. Returns true when more waits.
 */
export function loadSource(context: PipelineContext, source: SourceDefinition, lane: Lane): Promise<boolean> {
  return context.exclusively(laneName(source, lane), () => loadLane(context, source, lane));
}

/** One load of a lane at a time: what the lane's datasets have consumed moves nowhere else. */
export function laneName(source: SourceDefinition, lane: Lane): string {
  return `lane ${lane} of ${source.id}`;
}

async function loadLane(context: PipelineContext, source: SourceDefinition, lane: Lane): Promise<boolean> {
  const { state, clock } = context;
  // The lanes run beside each other; one of them makes new streams and raw commits known.
  const leads = lane === lanesOf(context, source)[0];
  if (leads) await syncStreams(context, source);
  const raw = rawDatasetName(source.id);
  // Read before the snapshot is: everything up to this time is in what is read below.
  const through = await context.sources.dataThrough(source.id);
  const newest = (await context.engine.snapshots([raw])).get(raw) ?? null;
  if (leads && newest !== state.snapshots.get(raw)) await noteRaw(context, raw, newest);
  if (through !== null) await setThrough(context, [raw], through);

  const now = clock.now();
  const datasets = stagedOf(context, source).filter(
    ({ dataset, schema }) => laneOf(context, source, dataset) === lane && schema.waits !== true,
  );
  const due = datasets.filter(
    ({ dataset }) => startsByItself(state, dataset, loadPipeline(source.id), now) && !awaitsFirstRead(state, dataset),
  );
  const groups = Map.groupBy(due, ({ dataset }) => consumedOf(state, dataset).get(raw) ?? null);
  let more = false;
  const caughtUp: string[] = [];
  for (const [from, members] of groups) {
    const result =
      from === newest
        ? { more: false, done: members.map((member) => member.dataset) }
        : await loadGroup(context, source, lane, from, members);
    more ||= result.more;
    if (!result.more) caughtUp.push(...result.done);
  }
  if (through !== null && caughtUp.length > 0) await setThrough(context, caughtUp, through);
  return more;
}

/** True until every staged dataset of the source was read from raw once: the first load keeps no pace. */
export function awaitsFirstLoad(context: PipelineContext, source: SourceDefinition): boolean {
  const raw = rawDatasetName(source.id);
  const members = stagedOf(context, source);
  return (
    members.length === 0 ||
    members.some(
      ({ dataset }) =>
        (consumedOf(context.state, dataset).get(raw) ?? null) === null || awaitsFirstRead(context.state, dataset),
    )
  );
}

function stagedOf({ state }: PipelineContext, source: SourceDefinition): Member[] {
  const prefix = `staged.${source.id}__`;
  return [...state.schemas]
    .filter(([dataset]) => dataset.startsWith(prefix))
    .map(([dataset, schema]) => ({ dataset, schema }));
}

async function loadGroup(
  context: PipelineContext,
  source: SourceDefinition,
  lane: Lane,
  from: string | null,
  known: readonly Member[],
): Promise<{ more: boolean; done: string[] }> {
  const { engine, state, clock, catalog, epoch, breakers } = context;
  if (breakers.enter(source.id) === "blocked") return { more: false, done: [] };
  const raw = rawDatasetName(source.id);
  const delta = await engine.openDelta({
    source: source.id,
    from,
    only: known.map((member) => member.schema.stream),
    except: [],
    maxRows: MAX_ROWS,
  });
  try {
    if (delta === null) return { more: false, done: known.map((member) => member.dataset) };
    const now = await asTheyAre(context, source, known);
    const members = now.filter(({ dataset }) => !awaitsFirstRead(state, dataset));
    const changed = new Map(delta.streams.map(({ stream, rows }) => [stagedDatasetName(source.id, stream), rows]));
    const untouched = members.filter(({ dataset }) => !changed.has(dataset));
    const moves = untouched.map(({ dataset }) => ({ dataset, input: raw, from, to: delta.to, at: clock.now() }));
    if (moves.length > 0) await catalog.skipInputs(epoch, moves);
    for (const { dataset } of untouched) consumedOf(state, dataset).set(raw, delta.to);
    const touched = members.filter(({ dataset }) => changed.has(dataset));
    const loaded = touched.length === 0 ? [] : await runLoad(context, source, lane, delta, touched, changed);
    context.wake();
    return {
      more: delta.more && breakers.of(source.id).state === "closed",
      done: [...untouched.map((member) => member.dataset), ...loaded],
    };
  } finally {
    // Nothing was loaded, or what was ended without a word on whether loads work.
    breakers.triedNothing(source.id);
    await delta?.close();
  }
}

/**
 * The members with the schemas of now, without those that wait: a schema is stored before the first row of its kind, so the
 * one read after the rows describes them all.
 */
export async function asTheyAre(
  context: PipelineContext,
  source: SourceDefinition,
  members: readonly Member[],
): Promise<readonly Member[]> {
  await syncStreams(context, source);
  return members.flatMap(({ dataset, schema }) => {
    const now = context.state.schemas.get(dataset) ?? schema;
    return now.waits === true ? [] : [{ dataset, schema: now }];
  });
}

async function runLoad(
  context: PipelineContext,
  source: SourceDefinition,
  lane: Lane,
  delta: SourceDelta,
  touched: readonly Member[],
  changed: ReadonlyMap<string, number>,
): Promise<string[]> {
  const { engine, catalog, clock, breakers } = context;
  const plan = {
    pipeline: loadPipeline(source.id),
    trigger: "target-lag" as const,
    steps: touched.map(({ dataset }) => ({
      dataset,
      reason: `${changed.get(dataset)} changes in raw.${source.id}`,
      after: [],
    })),
  };
  return withRun(context, plan, async (run) => {
    await log(
      context,
      run.id,
      null,
      "info",
      `${delta.rows} changes of ${touched.length} streams, raw snapshot ${delta.from ?? "none"} to ${delta.to}`,
      { rows: delta.rows, streams: touched.length, from: delta.from, to: delta.to },
    );
    const loaded: string[] = [];
    const queue = [...touched];
    const ended = (): boolean => context.stopping.aborted || run.signal.aborted;
    const load = async (member: Member): Promise<void> => {
      if (breakers.of(source.id).state === "open")
        return skipStep(context, run, member.dataset, breakerText("load", breakers.of(source.id)));
      const change = await runStep(context, run, member.dataset, (attempt) =>
        loadStream(context, source, delta, member, run, attempt),
      );
      if (change !== null) loaded.push(member.dataset);
      return undefined;
    };
    // One load decides whether the others go ahead.
    if (breakers.of(source.id).state === "half-open") for (const member of queue.splice(0, 1)) await load(member);
    await eachMember(lane, queue, ended, load);
    const committedAt = clock.now();
    const stats = await Promise.all(
      loaded.map(async (dataset) => ({ dataset, committedAt, ...(await engine.tableStats(dataset)) })),
    );
    if (stats.length > 0) await catalog.recordCommits(stats);
    return loaded;
  });
}

/** All ask for a slot at once, so that the most urgent gets it; cold ones one by one, which leaves a slot free at any time. */
export async function eachMember(
  lane: Lane,
  members: readonly Member[],
  ended: () => boolean,
  load: (member: Member) => Promise<void>,
): Promise<void> {
  const queue = [...members];
  const worker = async (): Promise<void> => {
    for (let member = queue.shift(); member !== undefined && !ended(); member = queue.shift()) await load(member);
  };
  await Promise.all(Array.from({ length: lane === "cold" ? 1 : members.length }, worker));
}

async function noteRaw(context: PipelineContext, raw: string, newest: string | null): Promise<void> {
  context.state.snapshots.set(raw, newest);
  if (newest === null) return;
  countCommit(context.state, raw, newest);
  await context.catalog.recordCommits([
    { dataset: raw, committedAt: context.clock.now(), ...(await context.engine.tableStats(raw)) },
  ]);
}
