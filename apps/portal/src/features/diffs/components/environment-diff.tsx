"use client";

import { useQuery } from "@tanstack/react-query";
import { useQueryStates } from "nuqs";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { snapshotSearchParsers } from "../snapshot-search.ts";
import { SnapshotDiff } from "./snapshot-diff.tsx";

interface EnvironmentDiffProps {
  readonly dataset: string;
  readonly environment: string;
}

/** The dataset of another environment beside the one here, as both were when somebody chose it or asked again. */
export function EnvironmentDiff({ dataset, environment }: EnvironmentDiffProps) {
  const trpc = useTRPC();
  const [{ rows }, setSearch] = useQueryStates(snapshotSearchParsers, { history: "replace" });
  const summary = useQuery(
    trpc.diffs.ofEnvironment.queryOptions(
      { dataset, environment },
      { retry: false, refetchOnWindowFocus: false, staleTime: Number.POSITIVE_INFINITY },
    ),
  );
  return (
    <Card
      title="Compared"
      aside={
        <span className="inline-flex items-center gap-2">
          <Button size="sm" busy={summary.isFetching} onClick={() => void summary.refetch()}>
            As they are now
          </Button>
          <CopyButton text={`npm run nova -- datasets diff ${dataset} --against ${environment}`} what="as CLI" />
        </span>
      }
    >
      <div className="flex flex-col gap-4">
        <QueryRegion query={summary} what="what the two tell" skeleton={<SkeletonRows rows={4} rowHeight={28} />}>
          {(data) => <SnapshotDiff summary={data} asked={rows} onAsk={() => void setSearch({ rows: true })} />}
        </QueryRegion>
      </div>
    </Card>
  );
}
