import type { DatasetName, Gate } from "../catalog/index.ts";
import type { OpenBreaker } from "../connectors/index.ts";
import type { Hold, Pause } from "./controls.ts";
import type { GateCheckFacts } from "./gate-check.ts";
import type { ScheduleFacts } from "./scheduling.ts";

/** An input as the scheduler sees it. */
export interface InputFacts {
  readonly input: DatasetName;
  readonly consumed: string | null;
  readonly current: string | null;
  /** False for a model that was never built: its readers wait. */
  readonly readable: boolean;
  readonly running: boolean;
  /** It is about to be refreshed in another pipeline's run. */
  readonly due: boolean;
  /** It is refreshed earlier in the same run. */
  readonly inRun: boolean;
  readonly dataThrough: Date | null;
  readonly targetLagSeconds: number;
}

/** Why a dataset is left alone for a while. */
export interface LeftAlone {
  readonly until: Date;
  readonly because: "failed" | "cancelled";
  readonly runId: string;
}

/** A dataset's concurrency pool at one moment. */
export interface PoolFacts {
  readonly name: string;
  readonly size: number;
  /** Datasets whose steps have its places. */
  readonly holders: readonly DatasetName[];
  /** Steps that wait before this one; null when it does not wait for the pool. */
  readonly queuedBehind: number | null;
}

/** How the gate of a model stands at one moment. */
export interface GateFacts {
  /** Inputs have to be through this moment; null: nothing to wait for now (no tick is due, or its first rows). */
  readonly through: Date | null;
  readonly zone: string;
  /** It waits no longer than until then; null while no input is late. */
  readonly until: Date | null;
  readonly afterThat: Gate["after_that"];
  /** Inputs that are not through that moment, and how far they are. */
  readonly late: readonly { readonly input: DatasetName; readonly dataThrough: Date | null }[];
  /** Absent for a gate that asks nothing of the rows. */
  readonly check?: GateCheckFacts;
}

/** Everything the scheduler decides by, for one dataset at one moment. */
export interface DatasetFacts {
  readonly dataset: DatasetName;
  readonly now: Date;
  readonly pipeline: string;
  readonly runningIn: string | null;
  /** Work that goes before it while every slot is taken; null when it does not wait for a slot. */
  readonly queuedBehind: number | null;
  /** Absent for what has no pool. */
  readonly pool?: PoolFacts;
  readonly pause: Pause | null;
  readonly hold: Hold | null;
  /** Its stream changed in a way that a person has to settle before it is loaded; absent for what no stream feeds. */
  readonly awaitsDecision?: boolean;
  /** The rows of its stream are read for the first time; absent for what no stream feeds. */
  readonly awaitsFirstRead?: boolean;
  /** Circuit breakers that are not closed, of the sources that it or its inputs come from. */
  readonly breakers?: readonly OpenBreaker[];
  readonly leftAlone: LeftAlone | null;
  readonly lastStartedAt: Date | null;
  /** Least time between two refreshes, in milliseconds. */
  readonly intervalMillis: number;
  /** Absent for what is refreshed as often as its target lag asks for. */
  readonly schedule?: ScheduleFacts;
  /** Absent for what takes its inputs as far as they are. */
  readonly gate?: GateFacts;
  readonly inputs: readonly InputFacts[];
  readonly codeChanged: boolean;
}
