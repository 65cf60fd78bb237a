import type { ColumnEdgeKind } from "@nova/pipeline-core/lineage";
import type { TonedWord } from "@/ui/tone.ts";

/** One box of the drawing. */
export interface CanvasNode {
  readonly id: string;
  /** Position of its layer, left to right. */
  readonly column: number;
  readonly layer: string;
  readonly status: TonedWord | null;
  readonly isFocus: boolean;
  /** Neighbours not shown; buttons beside the box show them. */
  readonly hiddenInputs: number;
  readonly hiddenReaders: number;
  /** Which of the two was opened by its button and can be closed again. */
  readonly opened: { readonly inputs: boolean; readonly readers: boolean };
  /** Its columns on the path; empty in the table graph. */
  readonly columns: readonly { readonly name: string; readonly onlyIndirect: boolean; readonly isFocus: boolean }[];
}

export interface CanvasEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Set between columns. */
  readonly columns: { readonly from: string; readonly to: string; readonly kind: ColumnEdgeKind } | null;
}

export const NODE_WIDTH = 248;
const HEAD_HEIGHT = 52;
export const COLUMN_HEIGHT = 24;

export function nodeHeight(node: Pick<CanvasNode, "columns">): number {
  return HEAD_HEIGHT + (node.columns.length === 0 ? 0 : node.columns.length * COLUMN_HEIGHT + 6);
}
