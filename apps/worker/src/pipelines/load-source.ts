import type { SourceDefinition } from "@nova/novaretail";
import { rawDatasetName, stagedDatasetName } from "@nova/pipeline-core/connectors";
import type { SourceDelta } from "@nova/pipeline-core/orchestration";
import { loadPipeline } from "./catalog-entries.ts";
import type { PipelineContext } from "./context.ts";
import { consumedOf, countCommit, startsByItself } from "./lake-state.ts";
import { type Lane, laneOf, lanesOf } from "./lanes.ts";
import { loadStream, type Member } from "./load-stream.ts";
import { keyNow } from "./materialisation.ts";
import { type OpenRun, withRun } from "./open-run.ts";
import { log, runStep, skipStep } from "./run-step.ts";
import { syncStreams } from "./sync-catalog.ts";

/** Rows of one load; a longer backlog (a first snapshot) is taken in several, so that a failure repeats little. */
const MAX_ROWS = 400_000;

/**
 * Loads what is new in a source's raw dataset into the staged datasets of one lane. Datasets that stand at the same raw
 * snapshot share one read; after a failure the one that stayed behind catches up by itself. Returns true when more waits.
 */
export function loadSource(context: PipelineContext, source: SourceDefinition, lane: Lane): Promise<boolean> {
  return context.exclusively(laneName(source, lane), () => loadLane(context, source, lane));
}

/** One load of a lane at a time: what the lane's datasets have consumed moves nowhere else. */
function laneName(source: SourceDefinition, lane: Lane): string {
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
  const due = datasets.filter(({ dataset }) => startsByItself(state, dataset, loadPipeline(source.id), now));
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

/**
 * One staged dataset as a step of a run that somebody asked for: loads what raw holds that it has not read. Returns false
 * when the step failed or was cancelled.
 */
export async function loadDataset(
  context: PipelineContext,
  run: OpenRun,
  source: SourceDefinition,
  dataset: string,
): Promise<boolean> {
  const lane = laneOf(context, source, dataset);
  return context.exclusively(laneName(source, lane), async () => {
    const { state, engine, catalog, clock } = context;
    const schema = state.schemas.get(dataset);
    if (schema === undefined) {
      await skipStep(context, run, dataset, "the source no longer has this stream");
      return true;
    }
    if (schema.waits === true) {
      await skipStep(context, run, dataset, "a change of its stream waits for a decision in the drift inbox");
      return true;
    }
    const raw = rawDatasetName(source.id);
    const from = consumedOf(state, dataset).get(raw) ?? null;
    const delta = await engine.openDelta({
      source: source.id,
      from,
      only: [schema.stream],
      except: [],
      maxRows: MAX_ROWS,
    });
    if (delta === null || delta.streams.length === 0) {
      await delta?.close();
      const reason = `nothing new of ${schema.stream} in ${raw} since snapshot ${from ?? "none"}`;
      await skipStep(context, run, dataset, reason, keyNow(state, dataset));
      return true;
    }
    try {
      const [member] = await asTheyAre(context, source, [{ dataset, schema }]);
      if (member === undefined) {
        await skipStep(context, run, dataset, "a change of its stream waits for a decision in the drift inbox");
        return true;
      }
      const change = await runStep(context, run, dataset, (attempt) =>
        loadStream(context, source, delta, member, run, attempt),
      );
      if (change === null) return false;
      await catalog.recordCommits([{ dataset, committedAt: clock.now(), ...(await engine.tableStats(dataset)) }]);
      return true;
    } finally {
      await delta.close();
    }
  });
}

/** True until every staged dataset of the source was read from raw once: the first load keeps no pace. */
export function awaitsFirstLoad(context: PipelineContext, source: SourceDefinition): boolean {
  const raw = rawDatasetName(source.id);
  const members = stagedOf(context, source);
  return (
    members.length === 0 ||
    members.some(({ dataset }) => (consumedOf(context.state, dataset).get(raw) ?? null) === null)
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
  const { engine, state, clock, catalog, epoch } = context;
  const raw = rawDatasetName(source.id);
  const delta = await engine.openDelta({
    source: source.id,
    from,
    only: known.map((member) => member.schema.stream),
    except: [],
    maxRows: MAX_ROWS,
  });
  if (delta === null) return { more: false, done: known.map((member) => member.dataset) };
  try {
    const members = await asTheyAre(context, source, known);
    const changed = new Map(delta.streams.map(({ stream, rows }) => [stagedDatasetName(source.id, stream), rows]));
    const untouched = members.filter(({ dataset }) => !changed.has(dataset));
    const moves = untouched.map(({ dataset }) => ({ dataset, input: raw, from, to: delta.to, at: clock.now() }));
    if (moves.length > 0) await catalog.skipInputs(epoch, moves);
    for (const { dataset } of untouched) consumedOf(state, dataset).set(raw, delta.to);
    const touched = members.filter(({ dataset }) => changed.has(dataset));
    const loaded = touched.length === 0 ? [] : await runLoad(context, source, lane, delta, touched, changed);
    context.wake();
    return { more: delta.more, done: [...untouched.map((member) => member.dataset), ...loaded] };
  } finally {
    await delta.close();
  }
}

/**
 * The members with the schemas of now, without those that wait: a schema is stored before the first row of its kind, so the
 * one read after the rows describes them all.
 */
async function asTheyAre(
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
  const { engine, catalog, clock } = context;
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
    const worker = async (): Promise<void> => {
      for (let member = queue.shift(); member !== undefined && !ended(); member = queue.shift()) {
        const current: Member = member;
        const change = await runStep(context, run, current.dataset, (attempt) =>
          loadStream(context, source, delta, current, run, attempt),
        );
        if (change !== null) loaded.push(current.dataset);
      }
    };
    // All ask for a slot at once, so that the most urgent gets it; cold ones one by one, which leaves a slot free at any time.
    await Promise.all(Array.from({ length: lane === "cold" ? 1 : touched.length }, worker));
    const committedAt = clock.now();
    const stats = await Promise.all(
      loaded.map(async (dataset) => ({ dataset, committedAt, ...(await engine.tableStats(dataset)) })),
    );
    if (stats.length > 0) await catalog.recordCommits(stats);
    return loaded;
  });
}

async function noteRaw(context: PipelineContext, raw: string, newest: string | null): Promise<void> {
  context.state.snapshots.set(raw, newest);
  if (newest === null) return;
  countCommit(context.state, raw, newest);
  await context.catalog.recordCommits([
    { dataset: raw, committedAt: context.clock.now(), ...(await context.engine.tableStats(raw)) },
  ]);
}

export async function setThrough(context: PipelineContext, datasets: readonly string[], at: Date): Promise<void> {
  const later = datasets.filter((dataset) => {
    const before = context.state.dataThrough.get(dataset) ?? null;
    if (context.state.holds.has(dataset)) return false;
    return before === null || before < at;
  });
  if (later.length === 0) return;
  await context.catalog.setDataThrough(later.map((dataset) => ({ dataset, at })));
  for (const dataset of later) context.state.dataThrough.set(dataset, at);
}
