/** A box of a drawing. What it shows is its node type's affair; where it stands is the layout's. */
export interface GraphBox {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Boxes of a lower column stand left of those of a higher one; null: wherever the lines lead. */
  readonly column: number | null;
  /** The box that holds this one and grows round what it holds; null: none. */
  readonly frame: string | null;
  /** Which of the drawing's node types draws it, and with what. */
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface GraphLine {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  /** Handles of the two boxes; left out: the middle of their sides. */
  readonly handles?: { readonly from: string; readonly to: string };
  readonly stroke: { readonly color: string; readonly width: number; readonly dash?: string };
}

/** The same text as long as nothing moves: what is laid out again, and what is only drawn again. */
export function structureOf(boxes: readonly GraphBox[], lines: readonly Pick<GraphLine, "from" | "to">[]): string {
  return JSON.stringify([
    boxes.map((box) => [box.id, box.width, box.height, box.column, box.frame]),
    lines.map((line) => [line.from, line.to]),
  ]);
}
