"use client";

import { useQuery } from "@tanstack/react-query";
import type { PipelineNode, PipelineNodeState } from "@nova/db/read-models";
import Link from "next/link";
import { FreshnessText, HealthPill } from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { buttonClass } from "@/ui/button-class.ts";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Duration } from "@/ui/duration.tsx";
import { Fact, Facts } from "@/ui/facts.tsx";
import { formatCount, formatKnown } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SidePanel } from "@/ui/side-panel.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { ACTIVITY_WORDS, CONDITION_WORDS, type JudgedNode } from "../judge-node.ts";

interface DatasetDrawerProps {
  readonly node: PipelineNode;
  readonly state: PipelineNodeState | null;
  readonly judged: JudgedNode | null;
  readonly readers: number;
  readonly onClose: () => void;
}

/** The selected dataset: how it is and why, its last run, and where to go from it. */
export function DatasetDrawer({ node, state, judged, readers, onClose }: DatasetDrawerProps) {
  const { name, layer, pipeline, owner, inputs } = node;
  return (
    <SidePanel name={name} above={`${layer} · pipeline ${pipeline}`} onClose={onClose}>
      {state === null || judged === null ? null : (
        <>
          <Facts>
            <Fact name="State">
              <StatusText {...CONDITION_WORDS[judged.condition]} />
            </Fact>
            {state.openStep === null ? null : (
              <Fact name="Now">
                <Link href={paths.run(state.openStep.runId)} className="text-accent-text hover:underline">
                  {ACTIVITY_WORDS[state.openStep.state]}
                </Link>{" "}
                <span className="text-xs text-fg-muted">{state.openStep.reason}</span>
              </Fact>
            )}
            <Fact name="Health">
              <HealthPill facts={state} />
            </Fact>
            <Fact name="Freshness">
              <FreshnessText facts={state} words="age" />
            </Fact>
            <LastRun state={state} />
            <Fact name="Rows">{formatKnown(state.rowCount, formatCount)}</Fact>
            <Fact name="Reads">{formatCount(inputs.length)}</Fact>
            <Fact name="Read by">{formatCount(readers)}</Fact>
            <Fact name="Owner">{owner}</Fact>
          </Facts>
          {layer === "raw" ? null : <Why dataset={name} />}
        </>
      )}
      <div className="flex flex-wrap gap-2">
        <Link href={paths.dataset(name)} className={buttonClass({ size: "sm", kind: "primary" })}>
          Open dataset
        </Link>
        <Link href={paths.lineage(name)} className={buttonClass({ size: "sm" })}>
          Lineage
        </Link>
        {layer === "raw" ? null : (
          <Link href={paths.runsOf(name)} className={buttonClass({ size: "sm" })}>
            Runs
          </Link>
        )}
      </div>
    </SidePanel>
  );
}

const STEP_STATE = {
  succeeded: { tone: "ok", label: "Succeeded" },
  failed: { tone: "bad", label: "Failed" },
  cancelled: { tone: "idle", label: "Cancelled" },
} as const;

function LastRun({ state: { lastStep } }: { readonly state: PipelineNodeState }) {
  if (lastStep === null) return null;
  return (
    <Fact name="Last run">
      <Link href={paths.run(lastStep.runId)} className="inline-flex min-h-6 items-center hover:underline">
        <StatusText {...STEP_STATE[lastStep.state]} />
      </Link>
      <p className="text-xs text-fg-muted">
        <Timestamp at={lastStep.endedAt} />, took <Duration from={lastStep.startedAt} to={lastStep.endedAt} />
      </p>
      <p className="text-xs text-fg-muted">{lastStep.reason}</p>
    </Fact>
  );
}

/** The scheduler's own answer, asked only for what is selected. */
function Why({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const why = useQuery(trpc.commands.why.queryOptions({ name: dataset }, { refetchInterval: 5_000 }));
  return (
    <section aria-label="Why is it not running?" className="rounded-md border border-line bg-sunken px-3 py-2 text-xs">
      <h3 className="flex items-center justify-between gap-2 font-medium text-fg-muted">
        Why is it not running?
        <CopyButton text={`npm run nova -- why ${dataset}`} what="as CLI" />
      </h3>
      <QueryRegion query={why} what="the scheduler's answer" skeleton={<Skeleton height={32} />}>
        {({ headline }) => <p className="mt-1">{headline}</p>}
      </QueryRegion>
    </section>
  );
}
