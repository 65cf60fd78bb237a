import type { SourceDefinition } from "@nova/novaretail";
import { rawDatasetName } from "@nova/pipeline-core/connectors";
import type { PipelineContext } from "./context.ts";
import { consumedOf } from "./lake-state.ts";
import { type Lane, laneOf } from "./lanes.ts";
import { asTheyAre, eachMember, laneName, MAX_ROWS } from "./load-source.ts";
import { loadStream, type Member } from "./load-stream.ts";
import { keyNow } from "./materialisation.ts";
import { log, runStep, skipStep } from "./run-step.ts";
import type { OpenRun } from "./run-under-way.ts";

const WAITS = "a change of its stream waits for a decision in the drift inbox";

/**
 * Staged datasets of one source as steps of a run that somebody asked for: each loads what raw holds that it has not read.
 * Those of a lane that stand at the same raw snapshot share one read. What failed or was cancelled is in `run.failed` after.
 */
export async function loadDatasets(
  context: PipelineContext,
  run: OpenRun,
  source: SourceDefinition,
  datasets: readonly string[],
): Promise<void> {
  for (const [lane, mine] of Map.groupBy(datasets, (dataset) => laneOf(context, source, dataset)))
    await context.exclusively(laneName(source, lane), () => loadLane(context, run, source, lane, mine));
}

async function loadLane(
  context: PipelineContext,
  run: OpenRun,
  source: SourceDefinition,
  lane: Lane,
  datasets: readonly string[],
): Promise<void> {
  const { state } = context;
  const members: Member[] = [];
  for (const dataset of datasets) {
    if (isOver(context, run)) return;
    if (run.marks.has(dataset)) continue;
    const schema = state.schemas.get(dataset);
    if (schema === undefined) await skipStep(context, run, dataset, "the source no longer has this stream");
    else if (schema.waits === true) await skipStep(context, run, dataset, WAITS);
    else members.push({ dataset, schema });
  }
  const raw = rawDatasetName(source.id);
  for (const [from, group] of Map.groupBy(members, ({ dataset }) => consumedOf(state, dataset).get(raw) ?? null))
    if (!isOver(context, run)) await loadTogether(context, run, source, lane, from, group);
}

async function loadTogether(
  context: PipelineContext,
  run: OpenRun,
  source: SourceDefinition,
  lane: Lane,
  from: string | null,
  known: readonly Member[],
): Promise<void> {
  const { state, engine, catalog, clock, epoch } = context;
  const raw = rawDatasetName(source.id);
  const only = known.map(({ schema }) => schema.stream);
  const delta = await engine.openDelta({ source: source.id, from, only, except: [], maxRows: MAX_ROWS });
  try {
    const changed = new Set(delta?.streams.map(({ stream }) => stream));
    const [touched, untouched] = [true, false].map((is) =>
      known.filter(({ schema }) => changed.has(schema.stream) === is),
    ) as [Member[], Member[]];
    if (delta !== null) {
      // They have read it too: all stand at one snapshot again, and share the next read as well.
      const at = clock.now();
      const moves = untouched
        .filter(({ dataset }) => (consumedOf(state, dataset).get(raw) ?? null) === from)
        .map(({ dataset }) => ({ dataset, input: raw, from, to: delta.to, at }));
      if (moves.length > 0) await catalog.skipInputs(epoch, moves);
      for (const { dataset } of moves) consumedOf(state, dataset).set(raw, delta.to);
    }
    for (const { dataset, schema } of untouched) {
      const reason = `nothing new of ${schema.stream} in ${raw} since snapshot ${from ?? "none"}`;
      await skipStep(context, run, dataset, reason, keyNow(state, dataset));
    }
    if (delta === null || touched.length === 0) return;
    const members = await asTheyAre(context, source, touched);
    for (const { dataset } of touched)
      if (!members.some((member) => member.dataset === dataset)) await skipStep(context, run, dataset, WAITS);
    if (members.length > 1) {
      const text = `one read of raw for ${members.length} streams: ${delta.rows} changes, snapshot ${from ?? "none"} to ${delta.to}`;
      await log(context, run.id, null, "info", text, { rows: delta.rows, streams: members.length, from, to: delta.to });
    }
    const loaded: string[] = [];
    await eachMember(
      lane,
      members,
      () => isOver(context, run),
      async (member) => {
        const { dataset } = member;
        // A person settled the step by hand while it waited.
        if (run.marks.has(dataset)) return;
        const change = await runStep(context, run, dataset, (attempt) =>
          loadStream(context, source, delta, member, run, attempt),
        );
        if (change === null) run.failed.add(dataset);
        else loaded.push(dataset);
      },
    );
    const committedAt = clock.now();
    const stats = loaded.map(async (dataset) => ({ dataset, committedAt, ...(await engine.tableStats(dataset)) }));
    if (stats.length > 0) await catalog.recordCommits(await Promise.all(stats));
  } finally {
    await delta?.close();
  }
}

function isOver({ stopping }: PipelineContext, { signal }: OpenRun): boolean {
  return stopping.aborted || signal.aborted;
}
