import type { CatalogStore, DatasetName } from "@nova/pipeline-core/catalog";
import type { Quarantine, SourceId, SourceStore, StreamRequests } from "@nova/pipeline-core/connectors";
import type { Clock, Logger } from "@nova/pipeline-core/kernel";
import type { ScanCharges } from "@nova/pipeline-core/lakehouse";
import type { LineageStore } from "@nova/pipeline-core/lineage";
import type {
  BackfillStore,
  CommandStore,
  ControlStore,
  LakeEngine,
  PartitionStore,
  RunStore,
  ScheduleStore,
} from "@nova/pipeline-core/orchestration";
import type { QualityStore } from "@nova/pipeline-core/quality";
import type { Breakers } from "../breakers.ts";
import type { BehindShare } from "./behind-share.ts";
import type { Definitions } from "./definitions.ts";
import type { LakeState, ModelTimes } from "./lake-state.ts";
import type { OpenRun } from "./run-under-way.ts";
import type { Slots } from "./slots.ts";
import type { Pool, StepPolicy } from "./step-policy.ts";
import type { LineageEvents, RunTeller } from "./tell-lineage.ts";

export interface PipelineDeps {
  readonly engine: LakeEngine;
  readonly definitions: Definitions;
  readonly catalog: CatalogStore;
  readonly runs: RunStore;
  readonly commands: CommandStore;
  readonly controls: ControlStore;
  readonly schedules: ScheduleStore;
  readonly backfills: BackfillStore;
  readonly partitions: PartitionStore;
  /** Where a backfill asks capture to read a table again. */
  readonly streamRequests: Pick<StreamRequests, "ask" | "open" | "outcome" | "lastDone">;
  readonly quality: QualityStore;
  /** Upkeep and gates are charged there; steps and checks keep what they scan themselves. */
  readonly charges: ScanCharges;
  readonly lineage: LineageStore;
  readonly sources: SourceStore;
  readonly quarantine: Quarantine;
  /** Sources that are connected; the others hold no dataset back. */
  readonly configured: ReadonlySet<SourceId>;
  /** The worker's lease; commits under an older one are refused. */
  readonly epoch: bigint;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Random share 0–1 for backoff. */
  readonly jitter: () => number;
  readonly pace: Pace;
  /** Where runs are told of as OpenLineage events; nowhere when absent. */
  readonly lineageEvents?: LineageEvents | undefined;
}

/** How often things happen, in milliseconds. Lower only in tests. */
export interface Pace {
  /** Least time between two loads of streams that models wait for; not above `idle`. */
  readonly hot: number;
  /** Between two loads of the other streams. */
  readonly cold: number;
  /** Least time between two refreshes of a model. */
  readonly model: number;
  /** Share of its target lag that a model waits between two refreshes; the rest is for the steps before and after. */
  readonly lagShare: number;
  /** Looking for idle sources' progress. */
  readonly idle: number;
  readonly freshness: number;
  readonly checks: number;
  readonly maintenance: number;
  /** A dataset whose step failed for good is left alone this long. */
  readonly afterFailure: number;
}

export const PACE: Pace = {
  hot: 5_000,
  cold: 75_000,
  model: 4_000,
  lagShare: 0.35,
  idle: 5_000,
  freshness: 60_000,
  checks: 60_000,
  maintenance: 20_000,
  afterFailure: 30_000,
};

export interface PipelineContext extends PipelineDeps {
  readonly state: LakeState;
  readonly times: ModelTimes;
  /** When this worker began to look. */
  readonly beganAt: Date;
  /** Runs under way, by id. */
  readonly openRuns: Map<string, OpenRun>;
  /** Of those, the ones that somebody asked for, with their steps as one text. */
  readonly askedRuns: Map<string, string>;
  /** Of those, the runs of backfills: nothing live is held back by what becomes of them. */
  readonly behindRuns: Set<string>;
  readonly slots: Slots;
  /** Circuit breakers of loading what each source sent. */
  readonly breakers: Breakers;
  readonly teller: RunTeller;
  /** The pools that models may name. */
  readonly pools: ReadonlyMap<string, Pool>;
  /** Pool and tries of each dataset's steps. */
  readonly policyOf: (dataset: DatasetName) => StepPolicy;
  /** What backfills compute passes here first, so that they never take every slot. */
  readonly behindSlots: Slots;
  /** When it is the turn of what backfills compute, though something live waits. */
  readonly behindShare: BehindShare;
  readonly exclusively: <Result>(dataset: string, work: () => Promise<Result>) => Promise<Result>;
  readonly stopping: AbortSignal;
  /** Tells the scheduler that something changed. */
  readonly wake: () => void;
  /** Says that a backfill may have something to do. */
  readonly wakeBackfills: () => void;
}
