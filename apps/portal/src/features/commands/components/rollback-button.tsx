"use client";

import { useQuery } from "@tanstack/react-query";
import { Undo2 } from "lucide-react";
import { useState } from "react";
import { useTRPC } from "@/trpc/client.tsx";
import { formatBytes, formatId, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { AskButton } from "./ask-button.tsx";

interface RollbackButtonProps {
  readonly dataset: string;
  /** Datasets that read it directly. */
  readonly usedBy: readonly string[];
}

/** Takes a dataset back to the snapshot before a run of one's choice. */
export function RollbackButton({ dataset, usedBy }: RollbackButtonProps) {
  const [runId, setRunId] = useState<string | null>(null);
  return (
    <AskButton
      kind="rollback-dataset"
      size="md"
      dangerButton={false}
      label={
        <>
          <Undo2 aria-hidden className="size-4" />
          Roll back…
        </>
      }
      request={runId === null ? null : { kind: "rollback-dataset", target: dataset, runId }}
      title={`Roll back ${dataset}`}
      confirm="Roll back"
      danger
    >
      <p>
        Readers see the rows from before the chosen run at once. The dataset stays there, and says so, until somebody
        releases it or runs it again.{" "}
        {usedBy.length === 0
          ? "No dataset reads it."
          : `Stale from then on and rebuilt by their next refresh: ${usedBy.join(", ")}, and what is made from them.`}{" "}
        Snapshots are kept for an hour; an older one is refused.
      </p>
      <Points dataset={dataset} chosen={runId} onChoose={setRunId} />
    </AskButton>
  );
}

interface PointsProps {
  readonly dataset: string;
  readonly chosen: string | null;
  readonly onChoose: (runId: string) => void;
}

function Points({ dataset, chosen, onChoose }: PointsProps) {
  const trpc = useTRPC();
  const points = useQuery(trpc.commands.rollbackPoints.queryOptions({ name: dataset }, { staleTime: 0 }));
  return (
    <QueryRegion query={points} what="the runs to go back before" skeleton={<Skeleton height={160} />}>
      {(rows) =>
        rows.length === 0 ? (
          <p className="text-fg-muted">
            No run on record has changed rows that were there before; there is nothing to go back to.
          </p>
        ) : (
          <fieldset className="flex max-h-56 flex-col gap-1 overflow-auto rounded-md border border-line p-2 text-xs">
            <legend className="sr-only">Go back before</legend>
            {rows.map((point) => (
              <label key={point.runId} className="flex min-h-6 items-center gap-2">
                <input
                  type="radio"
                  name="point"
                  checked={chosen === point.runId}
                  onChange={() => onChoose(point.runId)}
                />
                <span>
                  Before run <span className="font-mono">{formatId(point.runId)}</span>, ended{" "}
                  <Timestamp at={point.endedAt} />: undoes {plural(point.runsUndone, "run")},{" "}
                  {plural(point.rowsUndone, "row")} written, {formatBytes(point.bytesUndone)}
                </span>
              </label>
            ))}
          </fieldset>
        )
      }
    </QueryRegion>
  );
}
