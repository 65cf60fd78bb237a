"use client";

import { SegmentedControl } from "../segmented-control.tsx";

export const GRAPH_VIEWS = ["graph", "table"] as const;
export type GraphView = (typeof GRAPH_VIEWS)[number];

/** Every drawing says the same as a table. */
export function GraphOrTable({
  value,
  onChange,
}: {
  readonly value: GraphView;
  readonly onChange: (view: GraphView) => void;
}) {
  return (
    <SegmentedControl
      label="Show as"
      value={value}
      choices={[
        { value: "graph", label: "Graph" },
        { value: "table", label: "Table" },
      ]}
      onChange={onChange}
    />
  );
}
