import { setTimeout as sleep } from "node:timers/promises";
import {
  type Reconciliation,
  type ReconciliationOutcome,
  type ReconciliationStore,
  type SourceComparison,
  type SourceId,
  type SourceStore,
  stagedDatasetName,
  type StreamRequests,
} from "@nova/pipeline-core/connectors";
import { asPlatformError, type Clock, type Logger, MINUTE, PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import { type CompareDeps, compareStream, type Found } from "./compare-stream.ts";

export interface ReconcileDeps extends Omit<CompareDeps, "source"> {
  readonly reconciliations: ReconciliationStore;
  readonly sources: Pick<SourceStore, "streams">;
  readonly requests: StreamRequests;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Least time between two scheduled comparisons of a stream; null = none by themselves. */
  readonly everyMillis: number | null;
}

const LOOK_EVERY = SECOND;
/** Scheduled comparisons of a source are this far apart, so that they stay cheap for it. */
const SCHEDULED_APART = MINUTE;
/** A worker that starts has to catch up first. */
const FIRST_SCHEDULED_AFTER = 10 * MINUTE;
const REPAIR_MILLIS = 5 * MINUTE;
const LISTED = 500;

/** Carries out the comparisons of a source that people ask for, and one of its streams after the other by the schedule. */
export async function runReconciliations(
  source: SourceId,
  comparison: SourceComparison,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  const logger = deps.logger.with({ source });
  let scheduledAt = deps.clock.now().getTime() + FIRST_SCHEDULED_AFTER - SCHEDULED_APART;
  while (!signal.aborted) {
    try {
      const now = deps.clock.now().getTime();
      if (deps.everyMillis !== null && now - scheduledAt >= SCHEDULED_APART) {
        scheduledAt = now;
        const stream = await deps.reconciliations.mostDue(source, new Date(now - deps.everyMillis));
        if (stream !== null) await deps.reconciliations.ask({ source, stream, repair: false, requestedBy: null });
      }
      const taken = await deps.reconciliations.take(source);
      if (taken !== null) {
        await carryOut(taken, { ...deps, source: comparison, logger }, signal);
        continue;
      }
    } catch (error) {
      if (signal.aborted) return;
      logger.warn("comparing the source failed and is tried again", { error });
    }
    await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
  }
}

async function carryOut(taken: Reconciliation, deps: ReconcileDeps & CompareDeps, signal: AbortSignal): Promise<void> {
  try {
    const outcome = await reconcile(taken, deps, signal);
    await deps.reconciliations.finish(taken.id, outcome);
    deps.logger.info("a stream was compared with its dataset", {
      stream: taken.stream,
      state: outcome.state,
      rows: outcome.sourceRows,
      differences: outcome.differences,
    });
  } catch (error) {
    // What a stopping worker leaves running is taken up again by the next one.
    if (signal.aborted) return;
    const failure = asPlatformError(error);
    deps.logger.warn("a stream could not be compared", { stream: taken.stream, kind: failure.kind, error: failure });
    await deps.reconciliations.finish(taken.id, { ...NOTHING, state: "failed", message: failure.message });
  }
}

const NOTHING: Omit<ReconciliationOutcome, "state" | "message"> = {
  sourceRows: 0,
  datasetRows: 0,
  ranges: 0,
  rangesDifferent: 0,
  differences: 0,
  keys: [],
  moving: 0,
  repaired: 0,
  leftOut: [],
};

/** Compares; repairs what differs when that was asked for, by reading just those keys again, and compares once more. */
async function reconcile(
  { source, stream, repair, requestedBy }: Reconciliation,
  deps: ReconcileDeps & CompareDeps,
  signal: AbortSignal,
): Promise<ReconciliationOutcome> {
  const dataset = stagedDatasetName(source, stream);
  const compare = async (): Promise<Found> => {
    const record = (await deps.sources.streams(source)).find((each) => each.stream === stream);
    if (record === undefined) throw new PlatformError("not-found", `${source} has no stream ${stream}`);
    if (record.state !== "streaming")
      throw new PlatformError("conflict", `${stream} is ${record.state}: it is compared when it streams`);
    return compareStream(deps, dataset, record.schema, signal);
  };
  const found = await compare();
  if (found.differences === 0) return outcomeOf(found, "equal", 0);
  if (!repair) return outcomeOf(found, "different", 0);
  const { id } = await deps.requests.ask({
    source,
    stream,
    action: "repair",
    requestedBy: requestedBy ?? "schedule",
    keys: found.keys.map(({ key }) => key),
  });
  await settled(deps, source, id, signal);
  const after = await compare();
  return after.differences === 0
    ? outcomeOf({ ...after, keys: found.keys }, "repaired", found.keys.length)
    : outcomeOf(after, "different", Math.max(0, found.differences - after.differences));
}

function outcomeOf(found: Found, state: ReconciliationOutcome["state"], repaired: number): ReconciliationOutcome {
  const { keys, ...counts } = found;
  const rows = `${found.sourceRows} rows in the source, ${found.datasetRows} in the dataset`;
  const moving = found.moving === 0 ? "" : `; ${found.moving} changed all the time and were not judged`;
  const said = {
    equal: `equal: ${rows}${moving}`,
    different: `${found.differences} keys differ in ${found.rangesDifferent} of ${found.ranges} ranges: ${rows}${moving}`,
    repaired: `equal after ${repaired} keys were read again: ${rows}${moving}`,
    failed: "",
  };
  return {
    ...counts,
    keys: keys.slice(0, LISTED).map(({ key, kind }) => ({ key, kind })),
    state,
    repaired,
    message: said[state],
  };
}

async function settled(deps: ReconcileDeps, source: SourceId, id: string, signal: AbortSignal): Promise<void> {
  const deadline = deps.clock.now().getTime() + REPAIR_MILLIS;
  while ((await deps.requests.open(source)).some((request) => request.id === id)) {
    if (deps.clock.now().getTime() > deadline)
      throw new PlatformError("conflict", "the rows are still being read again; compare once more when they are");
    await sleep(LOOK_EVERY / 4, undefined, { signal });
  }
}
