import type { StreamColumn } from "./model.ts";

/** A column that the stream no longer sends and its dataset keeps. */
export interface KeptColumn extends StreamColumn {
  /** Its name in the dataset. */
  readonly stagedName: string;
  /** Names the stream had for it before its last one, newest first. */
  readonly former: readonly string[];
}

/** How a column of the stream stands in the dataset, where that is not simply under its own name and type. */
export interface StagedRule {
  /** The dataset does not have it. */
  readonly skip?: boolean;
  /** It goes on under this name of the dataset; rows from before carry it under one of `former`. */
  readonly as?: { readonly name: string; readonly former: readonly string[] };
  /** The dataset keeps this Iceberg type: what does not fit loads as null. */
  readonly type?: string;
  /** The dataset's column of another type makes way for this one. */
  readonly replace?: boolean;
}

/**
 * What a dataset has that its stream's present schema does not say: what drift left open, and what people decided. It is
 * part of the stream's schema, so everything that reads a layout sees the same dataset.
 */
export interface StagedShape {
  readonly kept: readonly KeptColumn[];
  /** By the stream's column name. */
  readonly columns: Readonly<Record<string, StagedRule>>;
  /** Columns of the dataset that are taken out of it. */
  readonly removed: readonly string[];
  /** The dataset's key while the stream's is another one that nobody has accepted; names as in the stream then. */
  readonly key: readonly string[] | null;
  /** The key changed once: rows from before tell it in the row instead of in the envelope's key. */
  readonly keyFromRow: boolean;
}

export const PLAIN_SHAPE: StagedShape = { kept: [], columns: {}, removed: [], key: null, keyFromRow: false };
