import type { SourceDefinition } from "@nova/novaretail";
import { rawDatasetName, stagedDatasetName, type StreamSchema } from "@nova/pipeline-core/connectors";
import type { LakeChange, SourceDelta } from "@nova/pipeline-core/orchestration";
import { loadPipeline } from "./catalog-entries.ts";
import type { PipelineContext } from "./context.ts";
import { consumedOf, countCommit } from "./lake-state.ts";
import { log, runStep } from "./run-step.ts";
import { syncStreams } from "./sync-catalog.ts";

/** Rows of one load; a longer backlog (a first snapshot) is taken in several, so that a failure repeats little. */
const MAX_ROWS = 400_000;
export type Lane = "hot" | "cold";

/** Steps of one load at the same time. Cold ones leave a slot free at any time. */
const PARALLEL: Readonly<Record<Lane, number>> = { hot: 2, cold: 1 };

/** Staged datasets of a source that models wait for. */
export function hotDatasets(context: PipelineContext): ReadonlySet<string> {
  return new Set(context.definitions.models.flatMap((model) => Object.keys(model.header.inputs)));
}

/**
 * Loads what is new in a source's raw dataset into the staged datasets of one lane. Datasets that stand at the same raw
 * snapshot share one read; after a failure the one that stayed behind catches up by itself. Returns true when more waits.
 */
export async function loadSource(
  context: PipelineContext,
  source: SourceDefinition,
  lane: Lane,
  hot: ReadonlySet<string>,
): Promise<boolean> {
  const { state, clock } = context;
  // The lanes run beside each other; one of them makes new streams known.
  if (lane === "hot") await syncStreams(context, source);
  const raw = rawDatasetName(source.id);
  // Read before the snapshot is: everything up to this time is in what is read below.
  const through = await context.sources.dataThrough(source.id);
  const newest = (await context.engine.snapshots([raw])).get(raw) ?? null;
  if (newest !== state.snapshots.get(raw)) await noteRaw(context, raw, newest);
  if (through !== null) await setThrough(context, [raw], through);

  const now = clock.now();
  const datasets = stagedOf(context, source).filter(
    ({ dataset }) => source.stagedKind === "append" || hot.has(dataset) === (lane === "hot"),
  );
  const due = datasets.filter(({ dataset }) => (state.notBefore.get(dataset) ?? now) <= now);
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
    members.some(({ dataset }) => (consumedOf(context.state, dataset).get(raw) ?? null) === null)
  );
}

interface Member {
  readonly dataset: string;
  readonly schema: StreamSchema;
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
  members: readonly Member[],
): Promise<{ more: boolean; done: string[] }> {
  const { engine, state, clock, catalog, epoch } = context;
  const raw = rawDatasetName(source.id);
  const delta = await engine.openDelta({
    source: source.id,
    from,
    only: members.map((member) => member.schema.stream),
    except: [],
    maxRows: MAX_ROWS,
  });
  if (delta === null) return { more: false, done: members.map((member) => member.dataset) };
  try {
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

async function runLoad(
  context: PipelineContext,
  source: SourceDefinition,
  lane: Lane,
  delta: SourceDelta,
  touched: readonly Member[],
  changed: ReadonlyMap<string, number>,
): Promise<string[]> {
  const { runs, engine, catalog, clock } = context;
  const runId = await runs.createRun({
    pipeline: loadPipeline(source.id),
    trigger: "target-lag",
    steps: touched.map(({ dataset }) => ({
      dataset,
      reason: `${changed.get(dataset)} changes in raw.${source.id}`,
      after: [],
    })),
  });
  await runs.startRun(runId);
  await log(
    context,
    runId,
    null,
    "info",
    `${delta.rows} changes of ${touched.length} streams, raw snapshot ${delta.from ?? "none"} to ${delta.to}`,
    { rows: delta.rows, streams: touched.length, from: delta.from, to: delta.to },
  );
  const loaded: string[] = [];
  const queue = [...touched];
  const worker = async (): Promise<void> => {
    for (let member = queue.shift(); member !== undefined && !context.stopping.aborted; member = queue.shift()) {
      const { dataset } = member;
      const change = await runStep(context, runId, dataset, () => loadStream(context, source, delta, member as Member));
      if (change === null) continue;
      loaded.push(dataset);
      consumedOf(context.state, dataset).set(rawDatasetName(source.id), delta.to);
      if (change.snapshotAfter !== null) countCommit(context.state, dataset, change.snapshotAfter);
    }
  };
  try {
    await Promise.all(Array.from({ length: PARALLEL[lane] }, worker));
    const committedAt = clock.now();
    const stats = await Promise.all(
      loaded.map(async (dataset) => ({ dataset, committedAt, ...(await engine.tableStats(dataset)) })),
    );
    if (stats.length > 0) await catalog.recordCommits(stats);
  } finally {
    await runs.finishRun(runId);
  }
  return loaded;
}

async function loadStream(
  context: PipelineContext,
  source: SourceDefinition,
  delta: SourceDelta,
  { dataset, schema }: Member,
): Promise<LakeChange> {
  const { engine, catalog, quarantine, epoch, clock } = context;
  const move = { dataset, input: rawDatasetName(source.id), from: delta.from, to: delta.to };
  const change = await engine.loadStaged({
    delta,
    dataset,
    schema,
    kind: source.stagedKind,
    within: (tx) => catalog.advanceInputs(tx, epoch, [{ ...move, at: clock.now() }]),
    onRefused: (rows, total) =>
      quarantine.add(
        rows.map((row, index) => ({
          source: source.id,
          stream: schema.stream,
          reason: "type-mismatch" as const,
          detail:
            index === 0 && total > rows.length
              ? `${row.detail} (one of ${total} rows; ${rows.length} are kept here, all are in raw.${source.id})`
              : row.detail,
          payload: row.payload,
          receivedAt: clock.now(),
        })),
      ),
  });
  if (change.snapshotAfter === null) await catalog.skipInputs(epoch, [{ ...move, at: clock.now() }]);
  return change;
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
    return before === null || before < at;
  });
  if (later.length === 0) return;
  await context.catalog.setDataThrough(later.map((dataset) => ({ dataset, at })));
  for (const dataset of later) context.state.dataThrough.set(dataset, at);
}
