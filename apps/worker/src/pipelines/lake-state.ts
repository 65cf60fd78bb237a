import type { CatalogEntry, CatalogStore, DatasetName } from "@nova/pipeline-core/catalog";
import type { CheckDefinition, CheckOutcome } from "@nova/pipeline-core/quality";
import type { StreamSchema } from "@nova/pipeline-core/connectors";
import type { ColumnLineageEdge } from "@nova/pipeline-core/lineage";
import type {
  ConsumedInputs,
  ControlStore,
  GateLook,
  HeldBack,
  Hold,
  LeftAlone,
  PartitionStore,
  Pause,
  StoredSchedule,
} from "@nova/pipeline-core/orchestration";

/** What pipelines know of the lake between two cycles; the stores hold the truth, this spares reading it back. */
export interface LakeState {
  readonly entries: Map<DatasetName, CatalogEntry>;
  readonly checks: Map<DatasetName, readonly CheckDefinition[]>;
  /** Last recorded outcome of each dataset's freshness check. */
  readonly freshnessOutcomes: Map<DatasetName, CheckOutcome>;
  /** Schema of each staged dataset's stream. */
  readonly schemas: Map<DatasetName, StreamSchema>;
  readonly snapshots: Map<DatasetName, string | null>;
  /** Staged datasets of streams whose rows are being read, for the first time or again. */
  readonly beingRead: Set<DatasetName>;
  /** Consumed snapshot by dataset and input. */
  readonly consumed: Map<DatasetName, Map<string, string | null>>;
  readonly dataThrough: Map<DatasetName, Date | null>;
  /** Datasets that got a commit since their checks ran. */
  readonly unchecked: Set<DatasetName>;
  /** Commits since the dataset was last tidied. */
  readonly commits: Map<DatasetName, number>;
  /** Version of the code that built each model, as far as this process knows. */
  readonly codeVersions: Map<DatasetName, string>;
  /** Datasets that failed or were cancelled: not by themselves before a time. */
  readonly leftAlone: Map<DatasetName, LeftAlone>;
  /** The run in which each dataset is being made now. */
  readonly runningIn: Map<DatasetName, string>;
  readonly pauses: Map<string, Pause>;
  readonly holds: Map<DatasetName, Hold>;
  /** What columns come from, as far as it is known by now. */
  readonly columnLineage: Map<DatasetName, readonly ColumnLineageEdge[]>;
  /** Datasets that are refreshed by the calendar. */
  readonly schedules: Map<DatasetName, StoredSchedule>;
  /** What the checks of gates found last, by model. */
  readonly gateLooks: Map<DatasetName, GateLook>;
  /** Models whose last refresh left days out. */
  readonly heldBack: Map<DatasetName, HeldBack>;
}

/** What paces the refreshes of models. */
export interface ModelTimes {
  /** When each model's last refresh began. */
  readonly startedAt: Map<string, number>;
  readonly running: Set<string>;
}

export function emptyLakeState(): LakeState {
  return {
    entries: new Map(),
    checks: new Map(),
    freshnessOutcomes: new Map(),
    schemas: new Map(),
    snapshots: new Map(),
    beingRead: new Set(),
    consumed: new Map(),
    dataThrough: new Map(),
    unchecked: new Set(),
    commits: new Map(),
    codeVersions: new Map(),
    leftAlone: new Map(),
    runningIn: new Map(),
    pauses: new Map(),
    holds: new Map(),
    schedules: new Map(),
    columnLineage: new Map(),
    gateLooks: new Map(),
    heldBack: new Map(),
  };
}

/** Reads progress back from the stores: at start, and after another writer was met. */
export async function loadProgress(
  state: LakeState,
  catalog: CatalogStore,
  partitions: Pick<PartitionStore, "heldBack">,
): Promise<void> {
  for (const { dataset, input, consumedSnapshot } of await catalog.inputs())
    consumedOf(state, dataset).set(input, consumedSnapshot);
  for (const { name, dataThrough } of await catalog.states()) state.dataThrough.set(name, dataThrough);
  for (const { dataset, ...held } of await partitions.heldBack()) state.heldBack.set(dataset, held);
}

/** What people have paused and rolled back. */
export async function loadControls(state: LakeState, controls: ControlStore): Promise<void> {
  for (const pause of await controls.pauses()) state.pauses.set(pause.pipeline, pause);
  for (const hold of await controls.holds()) state.holds.set(hold.dataset, hold);
}

/** False for what does not start by itself now: paused, rolled back, or left alone for a while. */
export function startsByItself(state: LakeState, dataset: DatasetName, pipeline: string, now: Date): boolean {
  const alone = state.leftAlone.get(dataset);
  return !state.pauses.has(pipeline) && !state.holds.has(dataset) && (alone === undefined || alone.until <= now);
}

/**
 * True while the rows of its stream are read for the first time: loading would take the machine from the reading, and half a
 * table tells nobody anything. What was loaded before goes on while its stream is read again.
 */
export function awaitsFirstRead(state: LakeState, dataset: DatasetName): boolean {
  return state.beingRead.has(dataset) && (state.snapshots.get(dataset) ?? null) === null;
}

export function consumedInputs(state: LakeState, dataset: DatasetName): ConsumedInputs {
  return Object.fromEntries(consumedOf(state, dataset));
}

export function consumedOf(state: LakeState, dataset: DatasetName): Map<string, string | null> {
  const known = state.consumed.get(dataset);
  if (known !== undefined) return known;
  const fresh = new Map<string, string | null>();
  state.consumed.set(dataset, fresh);
  return fresh;
}

export function countCommit(state: LakeState, dataset: DatasetName, snapshotId: string): void {
  state.snapshots.set(dataset, snapshotId);
  state.unchecked.add(dataset);
  state.commits.set(dataset, (state.commits.get(dataset) ?? 0) + 1);
}

/** True when the dataset has read everything its inputs hold. */
export function isCaughtUp(state: LakeState, dataset: DatasetName): boolean {
  return [...consumedOf(state, dataset)].every(
    ([input, consumed]) => (state.snapshots.get(input) ?? null) === consumed,
  );
}

/** Everything upstream up to this time is in the model when it has read its inputs; null while one of them knows no time. */
export function throughOfInputs(state: LakeState, inputs: readonly DatasetName[]): Date | null {
  let through: Date | null = null;
  for (const input of inputs) {
    const at = state.dataThrough.get(input) ?? null;
    if (at === null) return null;
    if (through === null || at < through) through = at;
  }
  return through;
}
