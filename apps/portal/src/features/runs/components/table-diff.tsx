"use client";

import { useQuery } from "@tanstack/react-query";
import type { DiffBase } from "@nova/pipeline-core/orchestration";
import { useQueryStates } from "nuqs";
import { SnapshotDiff } from "@/features/diffs/index.ts";
import { DatasetLink } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SegmentedControl } from "@/ui/segmented-control.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { diffCommand } from "../diff-command.ts";
import { runSearchParsers } from "../run-search.ts";

const BASES = [
  { value: "last-good", label: "After the last good run" },
  { value: "before", label: "Before this run" },
] as const satisfies readonly { value: DiffBase; label: string }[];

/** The data that a run made of one dataset, beside the data from before: schema and counts at once, rows on demand. */
export function TableDiff({ runId, dataset }: { readonly runId: string; readonly dataset: string }) {
  const trpc = useTRPC();
  const [{ against, rows }, setSearch] = useQueryStates(runSearchParsers, { history: "replace" });
  const step = useQuery(
    trpc.diffs.ofStep.queryOptions({ id: runId, dataset, against }, { retry: false, refetchOnWindowFocus: false }),
  );
  return (
    <section aria-label={`Data of ${dataset}`} className="flex flex-col gap-4 border-t border-line p-4">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="text-sm font-semibold">
          Data of <DatasetLink name={dataset} />
        </h3>
        <div className="flex flex-wrap items-center gap-2">
          <SegmentedControl
            label="Beside which rows"
            value={against}
            choices={BASES}
            onChange={(next) => void setSearch({ against: next })}
          />
          <CopyButton text={diffCommand(runId, dataset, against)} what="as CLI" />
        </div>
      </div>
      <QueryRegion query={step} what="what the snapshots tell" skeleton={<SkeletonRows rows={3} rowHeight={28} />}>
        {(data) =>
          "none" in data ? (
            <p className="text-sm text-fg-muted">{data.none}</p>
          ) : (
            <SnapshotDiff summary={data.summary} asked={rows} onAsk={() => void setSearch({ rows: true })} />
          )
        }
      </QueryRegion>
    </section>
  );
}
