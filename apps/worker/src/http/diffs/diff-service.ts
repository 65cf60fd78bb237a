import { type AuditStore, type Principal, refuseUnreadableLayer, tagsFor } from "@nova/pipeline-core/access";
import type { DatasetColumn, DatasetName } from "@nova/pipeline-core/catalog";
import {
  asPlatformError,
  type Clock,
  type Logger,
  MINUTE,
  PlatformError,
  POLICY,
  SECOND,
} from "@nova/pipeline-core/kernel";
import type { ScanCharges } from "@nova/pipeline-core/lakehouse";
import type {
  EnvironmentPair,
  KeptSnapshot,
  LakeEngine,
  RowDiffStatus,
  SnapshotPair,
  TableDiffSummary,
} from "@nova/pipeline-core/orchestration";
import { charging } from "../../pipelines/charging.ts";
import { turnstile } from "../../turnstile.ts";

export interface DiffServiceOptions {
  readonly engine: Pick<
    LakeEngine,
    "keptSnapshots" | "diffSummary" | "diffRows" | "environments" | "diffEnvironments" | "openMeter"
  >;
  readonly charges: ScanCharges;
  /** Null when the catalog does not know the dataset. */
  readonly columns: (dataset: DatasetName) => Promise<readonly DatasetColumn[] | null>;
  readonly audit: AuditStore;
  readonly maskSalt: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long one comparison may take. */
  readonly milliseconds?: number;
}

export interface RowsAsk {
  readonly pair: SnapshotPair;
  readonly principal: Principal;
  /** E-mail, for the record. */
  readonly actor: string;
}

/** Compares snapshots for people. Values are masked as everywhere; who asked is on record before a row is read. */
export interface DiffService {
  /** Newest first. */
  snapshots(dataset: DatasetName): Promise<KeptSnapshot[]>;
  summary(pair: SnapshotPair): Promise<TableDiffSummary>;
  /** Other environments that are configured. */
  readonly environments: readonly string[];
  /** The dataset here and in another environment, as both are now; `rows` compares the two snapshots that it names. */
  against(pair: EnvironmentPair): Promise<TableDiffSummary>;
  /**
   * Starts the comparison, or tells how far the one is that this person asked for already; asking again is how one follows
   * it. A failure is told once: asking after it tries again.
   */
  rows(ask: RowsAsk): Promise<RowDiffStatus>;
  /** Ends what runs. */
  stop(): Promise<void>;
}

/** It shares the engine with pipelines: one runs at a time, the others wait. */
const RUNNING = 1;
const MOST_AT_ONCE = 8;
const KEEP_FOR = 10 * MINUTE;
const WITHIN = 60 * SECOND;

interface Job {
  status: RowDiffStatus;
  readonly done: Promise<void>;
}

export function createDiffService(options: DiffServiceOptions): DiffService {
  const { engine, clock, logger } = options;
  const within = options.milliseconds ?? WITHIN;
  const jobs = new Map<string, Job>();
  const turns = turnstile(RUNNING);
  const stopping = new AbortController();

  function letGo(): void {
    const now = clock.now().getTime();
    for (const [key, { status }] of jobs)
      if (status.endedAt !== null && now - status.endedAt.getTime() >= KEEP_FOR) jobs.delete(key);
  }

  function start(key: string, { pair }: RowsAsk, tags: Record<string, DatasetColumn["pii"]>): Job {
    const waiting: RowDiffStatus = {
      state: "waiting",
      phase: "finding",
      startedAt: clock.now(),
      endedAt: null,
      diff: null,
      error: null,
    };
    const end = (change: Partial<RowDiffStatus>): void => {
      job.status = { ...job.status, endedAt: clock.now(), ...change };
    };
    const work = async (): Promise<void> => {
      job.status = { ...job.status, state: "running" };
      const late = AbortSignal.timeout(within);
      const signal = AbortSignal.any([late, stopping.signal]);
      const onPhase = (phase: RowDiffStatus["phase"]): void => void (job.status = { ...job.status, phase });
      try {
        const diff = await charging(options, "comparison", pair.dataset, () =>
          engine.diffRows({ ...pair, tags, maskSalt: options.maskSalt, signal, onPhase }),
        );
        end({ state: "succeeded", diff });
      } catch (error) {
        end({ state: "failed", error: told(error, late.aborted) });
      }
    };
    const job: { status: RowDiffStatus; done: Promise<void> } = { status: waiting, done: Promise.resolve() };
    jobs.set(key, job);
    job.done = turns(work);
    return job;
  }

  /** Without what the engine quotes: it may hold values of rows. */
  function told(error: unknown, late: boolean): RowDiffStatus["error"] {
    const known = asPlatformError(error, "engine-failed");
    if (late)
      return {
        kind: "query-limit",
        message: `The comparison took longer than ${within / SECOND} seconds and was ended.`,
        remedy: "Query the dataset for the rows in question, or compare two snapshots that are closer to each other.",
      };
    const { remedy, audience } = POLICY[known.kind];
    if (audience === "caller") return { kind: known.kind, message: known.message, remedy };
    logger.warn("comparing two snapshots failed", { kind: known.kind, reason: known.message.split(":")[0] });
    return { kind: known.kind, message: "The rows could not be compared.", remedy };
  }

  return {
    snapshots: (dataset) => engine.keptSnapshots(dataset),
    summary: (pair) => engine.diffSummary(pair),
    environments: engine.environments,
    against: (pair) => engine.diffEnvironments(pair),
    async rows(ask) {
      letGo();
      const { pair, principal, actor } = ask;
      refuseUnreadableLayer(principal, pair.dataset);
      const columns = await options.columns(pair.dataset);
      if (columns === null) throw new PlatformError("not-found", `${pair.dataset} is not in the catalog`);
      // What the person may see is part of the key: a grant that ended is not answered from before.
      const tags = tagsFor(principal, pair.dataset, columns, clock.now());
      const key = JSON.stringify([principal.userId, pair.dataset, pair.environment, pair.before, pair.after, tags]);
      const known = jobs.get(key);
      if (known !== undefined) {
        if (known.status.state === "failed") jobs.delete(key);
        return known.status;
      }
      const open = [...jobs.values()].filter(({ status }) => status.endedAt === null).length;
      if (open >= MOST_AT_ONCE)
        throw new PlatformError("overloaded", `${open} comparisons run or wait; try again in a minute`);
      const { dataset, ...compared } = pair;
      await options.audit.append({ actor, action: "dataset.diff", resource: dataset, detail: compared });
      return (jobs.get(key) ?? start(key, ask, tags)).status;
    },
    async stop() {
      stopping.abort();
      await Promise.all([...jobs.values()].map(({ done }) => done));
    },
  };
}
