import { z } from "zod";
import type { DatasetName } from "../catalog/index.ts";

/** `steps`: all heavy work of the platform; `backfills`: how much of that backfills may have at once; `pool`: named by models. */
export const POOL_KINDS = ["steps", "backfills", "pool"] as const;
export type PoolKind = (typeof POOL_KINDS)[number];

/** More would be a slip of the hand: the platform runs a handful of heavy steps at once. */
export const MOST_POOL_PLACES = 100;

export const poolPlacesSchema = z
  .int("must be a whole number")
  .min(1, "must be at least 1; pause the pipeline to run nothing of it")
  .max(MOST_POOL_PLACES, `must be at most ${MOST_POOL_PLACES}`);

/** A number of places that a person chose in place of the one in code. */
export interface PoolChange {
  readonly pool: string;
  readonly places: number;
  readonly by: string;
  readonly at: Date;
  readonly reason: string;
}

/** Somebody who has a place, or waits for one. */
export interface PoolPlace {
  /** Null: a table is being tidied. */
  readonly dataset: DatasetName | null;
  /** Null for what is no step of a run. */
  readonly runId: string | null;
}

/** A concurrency pool at one moment. */
export interface PoolState {
  readonly kind: PoolKind;
  readonly name: string;
  readonly description: string;
  /** Places: as many steps at once. */
  readonly size: number;
  /** Places by the code: what a reset goes back to. */
  readonly declared: number;
  /** Who chose another size than the code's, and why; null while it is the code's. */
  readonly changed: Pick<PoolChange, "by" | "at" | "reason"> | null;
  /** Datasets whose models name it; empty for the platform's own, which are for all. */
  readonly datasets: readonly DatasetName[];
  readonly running: readonly PoolPlace[];
  /** The next one first. */
  readonly waiting: readonly PoolPlace[];
}

const placesSchema = z.array(z.object({ dataset: z.string().nullable(), runId: z.string().nullable() }));

/** How the worker tells of them over HTTP. */
export const poolStatesSchema: z.ZodType<PoolState[]> = z.array(
  z.object({
    kind: z.enum(POOL_KINDS),
    name: z.string(),
    description: z.string(),
    size: z.int(),
    declared: z.int(),
    changed: z.object({ by: z.string(), at: z.coerce.date(), reason: z.string() }).nullable(),
    datasets: z.array(z.string()),
    running: placesSchema,
    waiting: placesSchema,
  }),
);
