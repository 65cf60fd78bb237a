import type { CatalogStore } from "@nova/pipeline-core/catalog";
import type { Quarantine, SourceId, SourceStore, StreamRequests } from "@nova/pipeline-core/connectors";
import type { Clock, Logger } from "@nova/pipeline-core/kernel";
import type { LineageStore } from "@nova/pipeline-core/lineage";
import type {
  BackfillStore,
  CommandStore,
  ControlStore,
  LakeEngine,
  PartitionStore,
  RunStore,
} from "@nova/pipeline-core/orchestration";
import type { QualityStore } from "@nova/pipeline-core/quality";
import type { Definitions } from "./definitions.ts";
import type { LakeState, ModelTimes } from "./lake-state.ts";
import type { Slots } from "./slots.ts";

export interface PipelineDeps {
  readonly engine: LakeEngine;
  readonly definitions: Definitions;
  readonly catalog: CatalogStore;
  readonly runs: RunStore;
  readonly commands: CommandStore;
  readonly controls: ControlStore;
  readonly backfills: BackfillStore;
  readonly partitions: PartitionStore;
  /** Where a backfill asks capture to read a table again. */
  readonly streamRequests: Pick<StreamRequests, "ask" | "open">;
  readonly quality: QualityStore;
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
}

/** How often things happen, in milliseconds. Lower only in tests. */
export interface Pace {
  /** Between two loads of streams that models wait for. */
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
}

export const PACE: Pace = {
  hot: 4_000,
  cold: 75_000,
  model: 4_000,
  lagShare: 0.35,
  idle: 5_000,
  freshness: 60_000,
  checks: 60_000,
  maintenance: 20_000,
};

export interface PipelineContext extends PipelineDeps {
  readonly state: LakeState;
  readonly times: ModelTimes;
  /** Runs under way, by id; aborting one interrupts its steps. */
  readonly openRuns: Map<string, AbortController>;
  /** Of those, the ones that somebody asked for, with their steps as one text. */
  readonly askedRuns: Map<string, string>;
  /** Of those, the runs of backfills: nothing live is held back by what becomes of them. */
  readonly behindRuns: Set<string>;
  readonly slots: Slots;
  /** What backfills compute passes here first, so that they never take every slot. */
  readonly behindSlots: Slots;
  readonly exclusively: <Result>(dataset: string, work: () => Promise<Result>) => Promise<Result>;
  readonly stopping: AbortSignal;
  /** Tells the scheduler that something changed. */
  readonly wake: () => void;
  /** Says that a backfill may have something to do. */
  readonly wakeBackfills: () => void;
}
