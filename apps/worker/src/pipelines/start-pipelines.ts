import type { SourceDefinition } from "@nova/novaretail";
import type { DatasetName } from "@nova/pipeline-core/catalog";
import type { OpenBreaker, SourceId } from "@nova/pipeline-core/connectors";
import { MINUTE } from "@nova/pipeline-core/kernel";
import type {
  BackfillSpec,
  Explanation,
  GateState,
  PoolState,
  StoredBackfill,
} from "@nova/pipeline-core/orchestration";
import { createBreakers } from "../breakers.ts";
import { surveyChanged } from "./backfill-facts.ts";
import { createBehindShare } from "./behind-share.ts";
import { carryFreshness } from "./carry-freshness.ts";
import { checkDatasets, recordTurnedFreshness } from "./check-datasets.ts";
import { type Pace, PACE, type PipelineContext, type PipelineDeps } from "./context.ts";
import { explainDataset } from "./explain-dataset.ts";
import { declareSchedules } from "./follow-schedules.ts";
import { dueModels, type JudgedModel, judgeModels } from "./judge-models.ts";
import { emptyLakeState, loadControls, loadProgress } from "./lake-state.ts";
import { type Lane, lanesOf } from "./lanes.ts";
import { awaitsFirstLoad, loadSource } from "./load-source.ts";
import { createGateLooker } from "./look-at-gates.ts";
import { refreshModels } from "./refresh-models.ts";
import { freezePlan } from "./plan-backfills.ts";
import { createBackfillRunner } from "./run-backfills.ts";
import { isFatal, pause } from "./run-step.ts";
import { restorePools } from "./size-pools.ts";
import { createLocks, createSlots } from "./slots.ts";
import { openPools, stepPolicies } from "./step-policy.ts";
import { createCommandTaker } from "./take-commands.ts";
import { tellGates } from "./tell-gates.ts";
import { createTeller } from "./tell-lineage.ts";
import { tellPools } from "./tell-pools.ts";
import { saveModelLineage, syncCatalog } from "./sync-catalog.ts";
import { profileModels, pruneRuns, sampleFreshness, tidyOne } from "./tend-lake.ts";

export interface Pipelines {
  /** Says that a source's raw dataset got a commit. Cheap; call it after each. */
  notify(source: SourceId): void;
  /** Says that commands may wait. Cheap; call it at start, at each command and after a lost connection. */
  notifyCommands(): void;
  /** Why a dataset is not running now, told with the sources' `breakers`; throws `not-found` for one the catalog does not have. */
  explain(dataset: DatasetName, breakers?: readonly OpenBreaker[]): Explanation;
  /** Who has the places of each concurrency pool now, and who waits. */
  pools(): PoolState[];
  /** Models that have a gate, and what each waits for now. */
  gates(): GateState[];
  /** Freezes the plan of a backfill, to be looked at and submitted by a command. */
  planBackfill(spec: BackfillSpec, by: string): Promise<StoredBackfill>;
  /** Lets running steps end, starts no new ones. */
  stop(): Promise<void>;
}

/** What a caller may leave out: all of it, or single paces. */
interface Optional {
  readonly pace?: Partial<Pace>;
  readonly jitter?: PipelineDeps["jitter"];
}

/** Heavy steps at the same time: two cores are shared with everything else. */
const STEPS_AT_ONCE = 2;
/** Of those, what backfills may have. */
const BACKFILLS_AT_ONCE = Math.max(1, STEPS_AT_ONCE - 1);

/**
 * Brings raw commits to staged, curated and mart datasets for as long as it runs. Commits wake it; the clock only paces it
 * (target lag) and carries freshness on while nothing happens. `onFatal` is called once when a newer worker took over.
 */
export async function startPipelines(
  deps: Omit<PipelineDeps, keyof Optional> & Optional & { readonly onFatal: (error: Error) => void },
): Promise<Pipelines> {
  const stop = new AbortController();
  const wakers = new Set<() => void>();
  const wake = (): void => wakers.forEach((waker) => waker());
  const jitter = deps.jitter ?? Math.random;
  const state = emptyLakeState();
  const pools = openPools(deps.definitions.pools);
  const context: PipelineContext = {
    ...deps,
    pace: { ...PACE, ...deps.pace },
    jitter,
    breakers: createBreakers({ ...deps, part: "load", jitter }),
    state,
    beganAt: deps.clock.now(),
    teller: createTeller(deps.lineageEvents, state, deps.clock),
    times: { startedAt: new Map(), running: new Set() },
    openRuns: new Map(),
    askedRuns: new Map(),
    behindRuns: new Set(),
    slots: createSlots(STEPS_AT_ONCE),
    pools,
    policyOf: stepPolicies(deps.definitions.models, pools),
    behindSlots: createSlots(BACKFILLS_AT_ONCE),
    behindShare: createBehindShare(),
    exclusively: createLocks(),
    stopping: stop.signal,
    wake,
    wakeBackfills: () => runner.notify(),
  };
  for (const problem of deps.definitions.problems) {
    const { path, line, column, message } = problem;
    deps.logger.error("a model was refused", {
      path,
      line,
      ...(column === undefined ? {} : { column }),
      reason: message,
    });
  }
  await loadProgress(context.state, deps.catalog, deps.partitions);
  await loadControls(context.state, deps.controls);
  await restorePools(context);
  await syncCatalog(context);
  await declareSchedules(context);
  for (const model of deps.definitions.models) {
    const version = await deps.engine.codeVersion(model.name);
    if (version !== null) context.state.codeVersions.set(model.name, version);
  }

  const dirty = new Map<SourceId, Set<() => void>>();
  const guarded = async (name: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (isFatal(error)) {
        stop.abort();
        wake();
        deps.onFatal(error as Error);
        return;
      }
      deps.logger.error("pipeline work failed; it is tried again", { work: name, error });
      await pause(context, 2_000);
    }
  };
  const taker = createCommandTaker(context, guarded);
  const runner = createBackfillRunner(context, guarded);
  runner.notify();
  const loops = [
    ...deps.definitions.sources.flatMap((source) =>
      lanesOf(context, source).map((lane) =>
        lane === "cold" ? coldLoop(context, source, guarded) : hotLoop(context, source, lane, dirty, guarded),
      ),
    ),
    modelLoop(context, wakers, guarded),
    guarded("column lineage", () => saveModelLineage(context)),
    every(context, context.pace.freshness, () =>
      guarded("freshness", async () => {
        await sampleFreshness(context);
        await recordTurnedFreshness(context);
      }),
    ),
    tending(context, guarded),
  ];
  return {
    notify: (source) => dirty.get(source)?.forEach((stir) => stir()),
    notifyCommands: () => taker.notify(),
    explain: (dataset, breakers = []) => explainDataset(context, dataset, breakers),
    pools: () => tellPools(context),
    gates: () => tellGates(context),
    planBackfill: (spec, by) => freezePlan(context, spec, by),
    async stop() {
      stop.abort();
      wake();
      for (const loops of dirty.values()) loops.forEach((stir) => stir());
      await Promise.all(loops);
      await taker.settled();
      await runner.settled();
    },
  };
}

type Guarded = (name: string, work: () => Promise<void>) => Promise<void>;

/** Between two loads of one lane that have more to do than one of them takes, in milliseconds. */
const LEAST_REST = 20;

/** Streams of a source that models wait for, soon after each commit. */
async function hotLoop(
  context: PipelineContext,
  source: SourceDefinition,
  lane: Lane,
  dirty: Map<SourceId, Set<() => void>>,
  guarded: Guarded,
): Promise<void> {
  const { pace } = context;
  let stirred = true;
  let rouse: (() => void) | null = null;
  let last = Number.NEGATIVE_INFINITY;
  const stirs = dirty.get(source.id) ?? new Set();
  dirty.set(source.id, stirs);
  stirs.add(() => {
    stirred = true;
    rouse?.();
  });
  while (!context.stopping.aborted) {
    stirred = false;
    last = performance.now();
    await guarded(`load ${source.id}`, async () => {
      if (await loadSource(context, source, lane)) {
        stirred = true;
        last = Number.NEGATIVE_INFINITY;
      }
      await carryFreshness(context);
    });
    await new Promise<void>((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const resolveAfter = (interval: number): void => {
        clearTimeout(timer);
        const rest = context.stopping.aborted ? 0 : last + interval - performance.now();
        timer = setTimeout(resolve, Math.max(LEAST_REST, rest));
      };
      // A commit cuts the wait short, but never below the pace of loads.
      rouse = () => resolveAfter(pace.hot);
      resolveAfter(stirred ? pace.hot : pace.idle);
    });
    rouse = null;
  }
}

/** The other streams of a source, at their own slower pace and beside the hot ones: many small tables hold nobody up. */
async function coldLoop(context: PipelineContext, source: SourceDefinition, guarded: Guarded): Promise<void> {
  while (!context.stopping.aborted) {
    await guarded(`load ${source.id}`, async () => {
      while (!context.stopping.aborted && (await loadSource(context, source, "cold")));
      await carryFreshness(context);
    });
    await pause(context, awaitsFirstLoad(context, source) ? context.pace.idle : context.pace.cold);
  }
}

/** Refreshes due models when something wakes it or the next one is due by the clock; pipelines beside each other, models of one pipeline in one run. */
async function modelLoop(context: PipelineContext, wakers: Set<() => void>, guarded: Guarded): Promise<void> {
  const { times } = context;
  const pipelines = [...new Set(context.definitions.models.map((model) => model.header.pipeline))];
  const busy = new Map<string, Promise<void>>();
  const gates = createGateLooker(context, guarded);
  while (!context.stopping.aborted) {
    const woken = Promise.withResolvers<void>();
    wakers.add(woken.resolve);
    const judged = judgeModels(context, times);
    gates.look(judged);
    for (const pipeline of pipelines) {
      if (busy.has(pipeline)) continue;
      const due = dueModels(judged, pipeline);
      if (due.length === 0) continue;
      for (const { model } of due) times.running.add(model.name);
      const work = guarded(`refresh ${pipeline}`, () => refreshModels(context, pipeline, due)).finally(() => {
        for (const { model } of due) times.running.delete(model.name);
        busy.delete(pipeline);
        context.wake();
      });
      busy.set(pipeline, work);
    }
    const timer = setTimeout(woken.resolve, untilNext(judged, context.clock.now()));
    await woken.promise;
    clearTimeout(timer);
    wakers.delete(woken.resolve);
  }
  await Promise.all(busy.values());
  await gates.settled();
}

/**
 * Milliseconds until the scheduler looks again if nothing wakes it: the next moment at which a dataset becomes due by itself.
 * A timer does not see a clock that is set or a machine that slept, therefore a minute at most.
 */
function untilNext(judged: readonly JudgedModel[], now: Date): number {
  const waits = judged.flatMap(({ until }) => (until === null ? [] : [until.getTime() - now.getTime()]));
  return Math.max(1, Math.min(MINUTE, ...waits));
}

/** Checks, profiles, maintenance and pruning: one thing at a time, behind everything else. */
async function tending(context: PipelineContext, guarded: Guarded): Promise<void> {
  const checkedAt = new Map<string, number>();
  const profiledAt = new Map<string, string>();
  const never = Number.NEGATIVE_INFINITY;
  const last = { checks: never, surveys: never, profiles: performance.now(), pruned: never };
  const due = (name: keyof typeof last, interval: number): boolean => {
    const now = performance.now();
    if (now - last[name] < interval) return false;
    last[name] = now;
    return true;
  };
  await every(context, context.pace.maintenance, async () => {
    await guarded("maintenance", async () => void (await tidyOne(context)));
    if (due("checks", context.pace.checks)) await guarded("checks", () => checkDatasets(context, checkedAt));
    if (due("surveys", context.pace.checks)) await guarded("partitions", () => surveyChanged(context));
    if (due("profiles", 10 * MINUTE)) await guarded("profiles", () => profileModels(context, profiledAt));
    if (due("pruned", 10 * MINUTE)) await guarded("pruning", () => pruneRuns(context));
  });
}

async function every(context: PipelineContext, interval: number, work: () => Promise<void>): Promise<void> {
  while (!context.stopping.aborted) {
    await pause(context, interval);
    if (!context.stopping.aborted) await work();
  }
}
