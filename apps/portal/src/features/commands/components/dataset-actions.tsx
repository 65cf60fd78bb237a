"use client";

import { useQuery } from "@tanstack/react-query";
import { COMMAND_ACTION } from "@nova/pipeline-core/orchestration";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { AskButton } from "./ask-button.tsx";
import { RollbackButton } from "./rollback-button.tsx";

interface DatasetActionsProps {
  readonly dataset: string;
  readonly pipeline: string;
  readonly usedBy: readonly string[];
}

/** Run it now, take it back, pause its pipeline. Raw datasets are written by capture and have none of these. */
export function DatasetActions({ dataset, pipeline, usedBy }: DatasetActionsProps) {
  const mayRun = useMay(COMMAND_ACTION["run-dataset"]);
  if (dataset.startsWith("raw.") || !mayRun) return null;
  return (
    <>
      <RunNow dataset={dataset} usedBy={usedBy} />
      <RollbackButton dataset={dataset} usedBy={usedBy} />
      <PausePipeline pipeline={pipeline} />
    </>
  );
}

function RunNow({ dataset, usedBy }: Omit<DatasetActionsProps, "pipeline">) {
  const [downstream, setDownstream] = useState(false);
  return (
    <AskButton
      size="md"
      label={
        <>
          <Play aria-hidden className="size-4" />
          Run now…
        </>
      }
      request={{ kind: "run-dataset", target: dataset, downstream }}
      title={`Run ${dataset} now`}
      confirm="Run now"
    >
      <p>
        A run begins at once, ahead of what is not late yet. It takes in what the inputs hold; what is there already
        from the same inputs and code is skipped. A pause or a rollback of this dataset does not hold it back.
      </p>
      {usedBy.length === 0 ? null : (
        <label className="flex min-h-6 items-center gap-2">
          <input type="checkbox" checked={downstream} onChange={({ target }) => setDownstream(target.checked)} />
          Also everything made from it: {usedBy.join(", ")}, and what is made from them
        </label>
      )}
    </AskButton>
  );
}

function PausePipeline({ pipeline }: { readonly pipeline: string }) {
  const trpc = useTRPC();
  const { data = [] } = useQuery(trpc.commands.pauses.queryOptions());
  // While it is paused, the banner above the page resumes it.
  if (data.some((pause) => pause.pipeline === pipeline)) return null;
  return (
    <AskButton
      size="md"
      label={
        <>
          <Pause aria-hidden className="size-4" />
          Pause pipeline…
        </>
      }
      request={{ kind: "pause-pipeline", target: pipeline }}
      title={`Pause ${pipeline}?`}
      confirm="Pause"
    >
      <p>
        Nothing of pipeline <span className="font-mono">{pipeline}</span> starts by itself until somebody resumes it;
        what runs now runs to its end. Its datasets grow old meanwhile, and so does what reads them.
      </p>
    </AskButton>
  );
}
