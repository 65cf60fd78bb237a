"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { COST_GROUPS, dollarText, scanDollars } from "@nova/pipeline-core/cost";
import { SCAN_KINDS, type ScanKind } from "@nova/pipeline-core/lakehouse";
import { X } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMay } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { Select } from "@/ui/select.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { TimeSeriesChart } from "@/ui/time-series-chart.tsx";
import { prepareCostDays } from "./charts/prepare-cost-days.ts";
import { CostTable } from "./components/cost-table.tsx";
import { MonthCard } from "./components/month-card.tsx";
import { COST_RANGES } from "./cost-range.ts";
import { costReportInput, costSearchParsers, isNarrowed, NO_COST_FILTER } from "./cost-search.ts";
import { GROUP_WORDS, KIND_WORDS, nameText, RANGE_WORDS } from "./cost-words.ts";

const SERIES = [{ key: "dollars", label: "Dollars", color: 1 }] as const;
const KINDS: readonly { readonly value: ScanKind | "all"; readonly label: string }[] = [
  { value: "all", label: "Every kind" },
  ...SCAN_KINDS.map((value) => ({ value, label: KIND_WORDS[value] })),
];

/** What scans of the lake cost by the declared price: the month against its budget, by day, and who is charged. */
export function CostPage() {
  return (
    <PageBody>
      <PageHeader
        title="Cost"
        lead="What runs, checks, comparisons and people's queries scan of the lake, at Athena's price. On the local engine nothing is paid: the figures say what the same work would cost on AWS."
      />
      {useMay("cost.view") ? (
        <Costs />
      ) : (
        <Card title="Cost">
          <EmptyState kind="forbidden" title="Cost is for engineers and data owners">
            What one dataset costs stands on its Runs tab. Ask the platform engineer if your work needs all of it.
          </EmptyState>
        </Card>
      )}
    </PageBody>
  );
}

function Costs() {
  const trpc = useTRPC();
  const [search, setSearch] = useQueryStates(costSearchParsers, { history: "replace" });
  const report = useQuery(
    trpc.cost.report.queryOptions(costReportInput(search), {
      placeholderData: keepPreviousData,
      refetchInterval: 60_000,
    }),
  );
  const { by, range, sort } = search;
  const narrow = (name: string): void => void setSearch({ [by]: name, by: "dataset" });
  return (
    <>
      <MonthCard />
      <div className="flex flex-wrap items-center gap-2">
        <SegmentedControl
          label="Sum by"
          value={by}
          choices={COST_GROUPS.map((value) => ({ value, label: GROUP_WORDS[value] }))}
          onChange={(value) => void setSearch({ by: value })}
        />
        <Select
          label="Range"
          value={range}
          choices={COST_RANGES.map((value) => ({ value, label: RANGE_WORDS[value] }))}
          onChange={(value) => void setSearch({ range: value })}
        />
        <Select
          label="Kind"
          value={search.kind ?? "all"}
          choices={KINDS}
          onChange={(value) => void setSearch({ kind: value === "all" ? null : value })}
        />
        {(["dataset", "pipeline", "owner"] as const).map((group) => {
          const only = search[group];
          return only === null ? null : (
            <Button key={group} size="sm" onClick={() => void setSearch({ [group]: null })}>
              {GROUP_WORDS[group]}: {nameText(group, only)}
              <X aria-label="show all" className="size-3.5" />
            </Button>
          );
        })}
      </div>
      <QueryRegion query={report} what="the cost" skeleton={<SkeletonRows rows={10} rowHeight={41} />}>
        {({ days, rows, from, to }) => {
          if (rows.length === 0)
            return (
              <Card title="Who is charged">
                {isNarrowed(search) ? (
                  <FilteredOut
                    title="Nothing of that was scanned"
                    clear="Show everything"
                    onClear={() => void setSearch(NO_COST_FILTER)}
                  >
                    From {from} to {to} nothing matches what is chosen above.
                  </FilteredOut>
                ) : (
                  <EmptyState kind="none-yet" title="Nothing was scanned yet">
                    From {from} to {to} no run, check or query read the lake. They are charged as they end.
                  </EmptyState>
                )}
              </Card>
            );
          const total = dollarText(scanDollars(rows.reduce((sum, row) => sum + row.billedBytes, 0)));
          return (
            <>
              <Card title="By day" aside={`${total} from ${from} to ${to}, UTC`}>
                <TimeSeriesChart
                  label="Dollars a day"
                  points={prepareCostDays(days, from, to)}
                  series={SERIES}
                  formatValue={dollarText}
                />
              </Card>
              <Card
                title="Who is charged"
                flush
                aside={<CopyButton text={`npm run nova -- cost --by ${by} --from ${from} --to ${to}`} what="as CLI" />}
              >
                <CostTable
                  by={by}
                  rows={rows}
                  sort={sort}
                  onSort={(next) => void setSearch({ sort: next })}
                  onNarrow={narrow}
                  dimmed={report.isPlaceholderData}
                />
              </Card>
            </>
          );
        }}
      </QueryRegion>
    </>
  );
}
