import { setTimeout as sleep } from "node:timers/promises";
import {
  type Quarantine,
  type Reconciliation,
  type ReconciliationOutcome,
  type ReconciliationStore,
  type SourceComparison,
  type SourceId,
  type SourceRows,
  type SourceStore,
  stagedDatasetName,
  type StreamRequests,
} from "@nova/pipeline-core/connectors";
import { asPlatformError, type Clock, type Logger, MINUTE, PlatformError, SECOND } from "@nova/pipeline-core/kernel";
import { turnstile } from "../turnstile.ts";
import { compareCopied } from "./compare-copied.ts";
import { type CompareDeps, compareStream, type Found } from "./compare-stream.ts";
import { ownFailures } from "./store-failures.ts";

export interface ReconcileDeps extends Omit<CompareDeps, "source" | "refused"> {
  readonly reconciliations: ReconciliationStore;
  readonly quarantine: Pick<Quarantine, "refused">;
  readonly sources: Pick<SourceStore, "streams">;
  readonly requests: StreamRequests;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Least time between two scheduled comparisons of a stream; null = none by themselves. */
  readonly everyMillis: number | null;
}

const LOOK_EVERY = SECOND;
/**
 * Comparisons under way at once. Most of their time they wait until their dataset has caught up, all for the same load, and
 * hold nothing meanwhile; of what works, two pieces run at a time. Each copy keeps a job of its source and a table of the
 * engine busy.
 */
const SUMS_AT_ONCE = 500;
const COPIES_AT_ONCE = 2;
const WORKING_AT_ONCE = 2;
/** Scheduled comparisons of a source are this far apart, so that they stay cheap for it. */
const SCHEDULED_APART = MINUTE;
/** A worker that starts has to catch up first. */
const FIRST_SCHEDULED_AFTER = 10 * MINUTE;
const REPAIR_MILLIS = 5 * MINUTE;
const LISTED = 500;
/** An outcome that the store does not take is offered again after so many looks at most. */
const MOST_LOOKS_APART = 15;

/** Carries out the comparisons of a source that people ask for, several at once, and one stream after the other by the schedule. */
export async function runReconciliations(
  source: SourceId,
  comparison: SourceComparison | SourceRows,
  deps: ReconcileDeps,
  signal: AbortSignal,
): Promise<void> {
  const logger = deps.logger.with({ source });
  const atOnce = "rows" in comparison ? COPIES_AT_ONCE : SUMS_AT_ONCE;
  const refused = async (stream: string, most: number): Promise<string[]> =>
    (await deps.quarantine.refused(source, { stream, most })).rows.map(({ payload }) => payload);
  const gentle = inTurns({ ...deps, source: comparison, refused, logger });
  const underWay = new Map<string, Promise<void>>();
  const begin = (taken: Reconciliation): void => {
    underWay.set(
      taken.id,
      carryOut(taken, gentle, signal).finally(() => underWay.delete(taken.id)),
    );
  };
  // A worker before this one, and an answer of the store that was lost, leave comparisons running that nobody is at.
  let leftBehind = true;
  let scheduledAt = performance.now() + FIRST_SCHEDULED_AFTER - SCHEDULED_APART;
  while (!signal.aborted) {
    try {
      if (leftBehind) await deps.reconciliations.reopen(source, [...underWay.keys()]);
      leftBehind = false;
      if (deps.everyMillis !== null && performance.now() - scheduledAt >= SCHEDULED_APART) {
        scheduledAt = performance.now();
        const before = new Date(deps.clock.now().getTime() - deps.everyMillis);
        const stream = await deps.reconciliations.mostDue(source, before);
        if (stream !== null) await deps.reconciliations.ask({ source, stream, repair: false, requestedBy: null });
      }
      const taken = underWay.size < atOnce ? await deps.reconciliations.take(source) : null;
      if (taken !== null) {
        begin(taken);
        continue;
      }
    } catch (error) {
      if (signal.aborted) break;
      leftBehind = true;
      logger.warn("comparing the source failed and is tried again", { error });
    }
    await sleep(LOOK_EVERY, undefined, { signal }).catch(() => undefined);
  }
  await Promise.all(underWay.values());
}

/** The same with the work of both sides taking turns, whatever comparison it belongs to. */
function inTurns<Deps extends CompareDeps<SourceComparison | SourceRows>>(deps: Deps): Deps {
  const turn = turnstile(WORKING_AT_ONCE);
  const { lake, source } = deps;
  return {
    ...deps,
    lake: {
      ...lake,
      ranges: (...asked) => turn(() => lake.ranges(...asked)),
      sums: (...asked) => turn(() => lake.sums(...asked)),
      differences: (...asked) => turn(() => lake.differences(...asked)),
    },
    source:
      "rows" in source
        ? source
        : {
            sums: (...asked) => turn(() => source.sums(...asked)),
            writeRows: (...asked) => turn(() => source.writeRows(...asked)),
            unchanged: (...asked) => turn(() => source.unchanged(...asked)),
          },
  };
}

async function carryOut(
  taken: Reconciliation,
  deps: ReconcileDeps & CompareDeps<SourceComparison | SourceRows>,
  signal: AbortSignal,
): Promise<void> {
  const { stream } = taken;
  const meter = deps.lake.openMeter({ kind: "comparison", dataset: stagedDatasetName(taken.source, stream) });
  let outcome: ReconciliationOutcome;
  try {
    outcome = await meter.run(() => reconcile(taken, deps, signal));
    const { state, sourceRows: rows, differences } = outcome;
    deps.logger.info("a stream was compared with its dataset", { stream, state, rows, differences });
  } catch (error) {
    // What a stopping worker leaves running is taken up again by the next one.
    if (signal.aborted) return;
    const failure = asPlatformError(error);
    deps.logger.warn("a stream could not be compared", { stream, kind: failure.kind, error: failure });
    outcome = { ...NOTHING, state: "failed", message: failure.message };
  }
  await keep(taken, { ...outcome, scanned: meter.total() }, deps, signal);
}

/** Puts an outcome on record, however long the store is away; one that the store itself refuses is told as a failure. */
async function keep(
  { id, stream }: Reconciliation,
  outcome: ReconciliationOutcome,
  { reconciliations, logger }: Pick<ReconcileDeps, "reconciliations" | "logger">,
  signal: AbortSignal,
): Promise<void> {
  const store = ownFailures(reconciliations);
  let kept = outcome;
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      return await store.finish(id, kept);
    } catch (error) {
      const failure = asPlatformError(error);
      const waitMillis = LOOK_EVERY * Math.min(failures, MOST_LOOKS_APART);
      logger.warn("the outcome of a comparison was not stored and is stored again", { stream, waitMillis, error });
      if (failure.kind !== "metadata-unreachable")
        kept = { ...NOTHING, state: "failed", message: `the outcome could not be stored: ${failure.message}` };
      await sleep(waitMillis, undefined, { signal }).catch(() => undefined);
    }
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
  quarantined: 0,
  repaired: 0,
  leftOut: [],
};

/** Compares; repairs what differs when that was asked for, by reading just those keys again, and compares once more. */
async function reconcile(
  { source, stream, repair, requestedBy }: Reconciliation,
  deps: ReconcileDeps & CompareDeps<SourceComparison | SourceRows>,
  signal: AbortSignal,
): Promise<ReconciliationOutcome> {
  const dataset = stagedDatasetName(source, stream);
  const compare = async (): Promise<Found> => {
    const record = (await deps.sources.streams(source)).find((each) => each.stream === stream);
    if (record === undefined) throw new PlatformError("not-found", `${source} has no stream ${stream}`);
    if (record.state !== "streaming")
      throw new PlatformError("conflict", `${stream} is ${record.state}: it is compared when it streams`);
    const { source: side } = deps;
    return "rows" in side
      ? compareCopied({ ...deps, source: side }, dataset, record.schema, signal)
      : compareStream({ ...deps, source: side }, dataset, record.schema, signal);
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
  const { keys, untold, ...counts } = found;
  const rows = `${found.sourceRows} rows in the source, ${found.datasetRows} in the dataset`;
  const moving = found.moving === 0 ? "" : `; ${found.moving} changed all the time and were not judged`;
  const refused =
    found.quarantined === 0
      ? ""
      : `; ${found.quarantined} rows of the source are in quarantine: a value does not fit its column`;
  const rest = untold === 0 ? "" : `; ${untold} more that no event told of since capture began: a resync reads them`;
  const said = {
    equal: `equal: ${rows}${moving}${refused}${rest}`,
    different: `${found.differences} keys differ in ${found.rangesDifferent} of ${found.ranges} ranges: ${rows}${moving}${refused}${rest}`,
    repaired: `equal after ${repaired} keys were read again: ${rows}${moving}${refused}${rest}`,
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
