"use client";

import type { PastQuery, QueryableDataset } from "@nova/db/read-models";
import type { RegionQuery } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import type { SIDE_TABS } from "../query-search.ts";
import { DatasetList } from "./dataset-list.tsx";
import { QueryHistory } from "./query-history.tsx";

type SideTab = (typeof SIDE_TABS)[number];

const TABS = [
  { value: "datasets", label: "Datasets" },
  { value: "history", label: "My queries" },
] as const;

interface SidePanelProps {
  readonly tab: SideTab;
  readonly onTab: (tab: SideTab) => void;
  readonly find: string;
  readonly onFind: (text: string) => void;
  readonly datasets: RegionQuery<readonly QueryableDataset[]>;
  readonly current: string | null;
  readonly onInsert: (name: string) => void;
  readonly onLoad: (query: PastQuery) => void;
}

export function SidePanel({ tab, onTab, find, onFind, datasets, current, onInsert, onLoad }: SidePanelProps) {
  return (
    <>
      <div className="px-3 py-2.5">
        <SegmentedControl label="Side list" value={tab} choices={TABS} onChange={onTab} />
      </div>
      {tab === "datasets" ? (
        <DatasetList query={datasets} find={find} onFind={onFind} onInsert={onInsert} />
      ) : (
        <QueryHistory current={current} onLoad={onLoad} />
      )}
    </>
  );
}
