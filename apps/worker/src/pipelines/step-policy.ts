import type { DatasetName, PoolDefinition } from "@nova/pipeline-core/catalog";
import { HOUR, SECOND } from "@nova/pipeline-core/kernel";
import type { PoolChange, PoolFacts } from "@nova/pipeline-core/orchestration";
import type { Definitions } from "./definitions.ts";
import { createSlots, type Slots } from "./slots.ts";

/** Tries of a step that no model speaks for. */
const ATTEMPTS = 3;
/** How long an attempt may take that no model speaks for. */
const TIMEOUT = HOUR;

export interface Pool {
  readonly name: string;
  readonly description: string;
  /** Places by the code. */
  readonly declared: number;
  readonly slots: Slots;
  /** The number of places that a person chose instead; null while it is the code's. */
  changed: PoolChange | null;
}

/** The pools that models may name, each with as many places as the code says. */
export function openPools(definitions: readonly PoolDefinition[]): ReadonlyMap<string, Pool> {
  return new Map(
    definitions.map(({ name, size, description }) => [
      name,
      { name, description, declared: size, slots: createSlots(size), changed: null },
    ]),
  );
}

/** Null: as many places as the code says. */
export function resizePool(pool: Pool, change: PoolChange | null): void {
  pool.changed = change;
  pool.slots.resize(change?.places ?? pool.declared);
}

/** How steps of a dataset are tried, as its model's header says. */
export interface StepPolicy {
  readonly pool: Pool | null;
  readonly maxAttempts: number;
  /** Of one attempt, from when the work begins. */
  readonly timeoutMillis: number;
}

/** The policy of every dataset; models that name the same pool share it. */
export function stepPolicies(
  models: Definitions["models"],
  pools: ReadonlyMap<string, Pool>,
): (dataset: DatasetName) => StepPolicy {
  const policies = new Map(
    models.map(({ name, header: { pool, retries, timeout } }) => [
      name,
      {
        pool: (pool === undefined ? undefined : pools.get(pool)) ?? null,
        maxAttempts: retries + 1,
        timeoutMillis: timeout === undefined ? TIMEOUT : timeout * SECOND,
      },
    ]),
  );
  const plain = { pool: null, maxAttempts: ATTEMPTS, timeoutMillis: TIMEOUT };
  return (dataset) => policies.get(dataset) ?? plain;
}

/** How a dataset stands in its pool now; null when it has none. */
export function poolFacts({ pool }: StepPolicy, dataset: DatasetName): PoolFacts | null {
  if (pool === null) return null;
  const place = pool.slots.waiting().indexOf(dataset);
  return {
    name: pool.name,
    size: pool.slots.size,
    holders: pool.slots.running(),
    queuedBehind: place < 0 ? null : place,
  };
}
