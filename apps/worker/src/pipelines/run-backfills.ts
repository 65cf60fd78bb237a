import type { ClaimedRun, PlannedRun, StoredBackfill } from "@nova/pipeline-core/orchestration";
import { surveyDataset } from "./backfill-facts.ts";
import { runBackfillStep } from "./backfill-step.ts";
import type { PipelineContext } from "./context.ts";
import { finishing, openRun } from "./open-run.ts";
import type { OpenRun } from "./run-under-way.ts";
import { log, skipStep } from "./run-step.ts";

export interface BackfillRunner {
  /** Says that a backfill may have something to do. Cheap. */
  notify(): void;
  /** Ends when every run that was begun has ended. */
  settled(): Promise<void>;
}

/**
 * Runs what people submitted, as many runs of each backfill at once as it says. Told when to look, never looking by itself;
 * what a worker before had begun is done again from the start.
 */
export function createBackfillRunner(
  context: PipelineContext,
  guard: (name: string, work: () => Promise<void>) => Promise<void>,
): BackfillRunner {
  const { backfills, epoch } = context;
  const underWay = new Map<string, Set<Promise<void>>>();
  let reclaimed = false;
  let asked = false;
  let looking: Promise<void> | null = null;

  /** Runs that broke off without a word on their parts; they are told as failed before anything else begins. */
  const lost: { readonly id: string; readonly claimed: ClaimedRun }[] = [];

  async function look(): Promise<void> {
    while (asked && !context.stopping.aborted) {
      asked = false;
      try {
        await beginAll();
      } catch (error) {
        // The guard waits a little; then it is looked again.
        asked = true;
        throw error;
      }
    }
  }

  async function beginAll(): Promise<void> {
    if (!reclaimed) await backfills.reclaim(epoch);
    reclaimed = true;
    await tellLost();
    for (const backfill of await backfills.open()) {
      const runs = underWay.get(backfill.id) ?? new Set();
      underWay.set(backfill.id, runs);
      while (runs.size < backfill.parallelism && !context.stopping.aborted) {
        const claimed = await backfills.claim(epoch, backfill.id);
        if (claimed === null) break;
        begin(backfill, claimed, runs);
      }
      if (runs.size > 0) continue;
      underWay.delete(backfill.id);
      const { state } = await backfills.finishIfDone(epoch, backfill.id);
      // What the screens know of partitions is looked up anew once it has ended.
      if (state !== backfill.state)
        for (const { dataset } of backfill.plan.datasets) await surveyDataset(context, dataset);
    }
  }

  function begin(backfill: StoredBackfill, claimed: ClaimedRun, runs: Set<Promise<void>>): void {
    const run = async (): Promise<void> => {
      try {
        await runClaimed(context, backfill, claimed);
      } catch (error) {
        lost.push({ id: backfill.id, claimed });
        throw error;
      }
    };
    const work = guard(`backfill ${backfill.id}`, run).finally(() => {
      runs.delete(work);
      notify();
    });
    runs.add(work);
  }

  async function tellLost(): Promise<void> {
    const failure = { kind: "internal" as const, message: "the run broke off; the worker's log says why" };
    for (let one = lost[0]; one !== undefined; one = lost[0]) {
      for (const { dataset } of one.claimed.steps)
        await backfills.settle(epoch, one.id, one.claimed.number, dataset, { state: "failed", failure });
      lost.shift();
    }
  }

  function notify(): void {
    asked = true;
    if (looking !== null || context.stopping.aborted) return;
    looking = guard("backfills", look).finally(() => {
      looking = null;
      // Told while it ended.
      if (asked) notify();
    });
  }

  return {
    notify,
    async settled() {
      await looking;
      while ([...underWay.values()].some((runs) => runs.size > 0))
        await Promise.all([...underWay.values()].flatMap((runs) => [...runs]));
      await looking;
    },
  };
}

/** One run of a backfill: its datasets in order, what is made from one that failed is skipped. */
async function runClaimed(context: PipelineContext, backfill: StoredBackfill, claimed: ClaimedRun): Promise<void> {
  const { backfills, epoch, state } = context;
  const { id, plan, requestedBy } = backfill;
  const since = backfill.startedAt ?? backfill.createdAt;
  const { number, steps, broken } = claimed;
  const names = new Set(steps.map(({ dataset }) => dataset));
  const planned = new Map(plan.datasets.map((one) => [one.dataset, one]));
  const afterOf = (dataset: string) => (planned.get(dataset)?.after ?? []).filter((one) => names.has(one));
  const parametersOf = (dataset: string) => {
    const parameters = planned.get(dataset)?.parameters;
    return parameters === undefined ? {} : { parameters };
  };
  const runPlan: PlannedRun = {
    pipeline: state.entries.get(plan.spec.dataset)?.pipeline ?? "backfill",
    trigger: "backfill",
    requestedBy,
    steps: steps.map(({ dataset }) => ({
      dataset,
      reason: `run ${number} of ${plan.runs} of backfill ${id.slice(0, 8)}, asked by ${requestedBy}`,
      after: afterOf(dataset),
      ...parametersOf(dataset),
    })),
  };
  const run = await openRun(context, runPlan);
  const wanted = await backfills.attach(epoch, id, number, run.id);
  await finishing(context, run, async () => {
    if (!wanted) {
      for (const { dataset } of steps) await backfills.settle(epoch, id, number, dataset, { state: "cancelled" });
      return;
    }
    await log(context, run.id, null, "info", `run ${number} of ${plan.runs} of backfill ${id}`);
    const failed = new Set<string>();
    for (const { dataset, ranges } of steps) {
      const because = afterOf(dataset).find((one) => failed.has(one));
      const skip = skipReason(because, broken);
      if (skip !== null) {
        await skipParts(context, backfill, run, { number, dataset, reason: skip });
        failed.add(dataset);
        continue;
      }
      const kind = planned.get(dataset)?.kind ?? "recompute";
      const outcome = await runBackfillStep(context, run, {
        dataset,
        kind,
        ranges,
        requestedBy,
        since,
        ...parametersOf(dataset),
      });
      if (outcome === null) return;
      await backfills.settle(epoch, id, number, dataset, outcome);
      if (outcome.state !== "succeeded") failed.add(dataset);
    }
  });
}

function skipReason(failed: string | undefined, broken: number): string | null {
  if (failed !== undefined) return `${failed} did not succeed`;
  return broken === 0 ? null : `${broken} partitions of what it is made from did not succeed`;
}

async function skipParts(
  { backfills, epoch, ...context }: PipelineContext,
  { id }: StoredBackfill,
  run: OpenRun,
  { number, dataset, reason }: { readonly number: number; readonly dataset: string; readonly reason: string },
): Promise<void> {
  await skipStep({ ...context, backfills, epoch }, run, dataset, reason);
  await backfills.settle(epoch, id, number, dataset, { state: "skipped" });
}
