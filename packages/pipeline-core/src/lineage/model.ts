import type { DatasetName } from "../catalog/index.ts";

/** A node of the lineage graph: a dataset, or a source's stream (`orders_db/public.orders`). */
export type LineageNode = DatasetName | `${string}/${string}`;

export interface LineageEdge {
  readonly from: LineageNode;
  readonly to: DatasetName;
}

/** `identity`: passed through as it is; `transformed`: computed from it; `indirect`: it only filters, joins or groups. */
export const COLUMN_EDGE_KINDS = ["identity", "transformed", "indirect"] as const;
export type ColumnEdgeKind = (typeof COLUMN_EDGE_KINDS)[number];

export interface ColumnLineageEdge {
  readonly fromDataset: LineageNode;
  readonly fromColumn: string;
  readonly toDataset: DatasetName;
  readonly toColumn: string;
  readonly kind: ColumnEdgeKind;
  /** The SQL that computes it, for display; empty when passed through. */
  readonly expression: string;
}
