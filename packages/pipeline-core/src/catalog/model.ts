import { z } from "zod";
import { DATASET_NAME, type DatasetName } from "./dataset-name.ts";

export const datasetNameSchema = z.string().regex(DATASET_NAME, "must be <layer>.<name>, e.g. curated.orders");

/** How personal a column is. `direct` identifies a person alone; `indirect` does so together with other columns. */
export const PII_TAGS = ["none", "indirect", "direct"] as const;
export type PiiTag = (typeof PII_TAGS)[number];

export interface DatasetColumn {
  readonly name: string;
  /** Iceberg type text: `long`, `decimal(12,2)`, `timestamptz`, `string` … */
  readonly type: string;
  readonly description: string;
  readonly pii: PiiTag;
}

/** How a dataset is kept up to date. */
export const DATASET_KINDS = ["append", "merge", "partitioned", "full", "view"] as const;
export type DatasetKind = (typeof DATASET_KINDS)[number];

export interface DatasetDefinition {
  readonly name: DatasetName;
  readonly kind: DatasetKind;
  readonly description: string;
  readonly owner: string;
  readonly columns: readonly DatasetColumn[];
  /** Unique key; empty for append-only datasets. */
  readonly key: readonly string[];
  readonly inputs: readonly DatasetName[];
  /** How old the dataset may be, in seconds. */
  readonly targetLagSeconds: number;
}
