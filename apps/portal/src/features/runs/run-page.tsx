"use client";

import { useQuery } from "@tanstack/react-query";
import type { RunDetail, RunStep } from "@nova/db/read-models";
import { POLICY } from "@nova/pipeline-core/kernel";
import Link from "next/link";
import { PausedBanner, RunActions, RunOriginLine } from "@/features/commands/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Banner } from "@/ui/banner.tsx";
import { buttonClass } from "@/ui/button-class.ts";
import { Card, Stat, StatRow } from "@/ui/card.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Duration } from "@/ui/duration.tsx";
import { formatCount, formatDuration, plural } from "@/ui/format.ts";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton, SkeletonRows } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { LogCard } from "./components/log-card.tsx";
import { RunStatus, TriggerName } from "./components/run-status.tsx";
import { TimelineCard } from "./components/timeline-card.tsx";
import { ERROR_WORDS, RUN_STATE_WORDS, TRIGGER_WORDS } from "./run-words.ts";
import { useTabMark } from "./use-tab-mark.ts";

const LIVE_MILLIS = 3_000;

/** One run: outcome, steps over time, log. */
export function RunPage({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  const run = useQuery(
    trpc.runs.one.queryOptions(
      { id },
      { refetchInterval: ({ state: { data } }) => (data?.endedAt === null ? LIVE_MILLIS : false) },
    ),
  );
  const running = run.data?.endedAt === null;
  const steps = useQuery(trpc.runs.steps.queryOptions({ id }, { refetchInterval: running ? LIVE_MILLIS : false }));
  useTabMark(
    run.data === undefined
      ? null
      : {
          title: `${RUN_STATE_WORDS[run.data.state].label} · ${run.data.pipeline} · ${id.slice(0, 8)}`,
          tone: RUN_STATE_WORDS[run.data.state].tone,
        },
  );
  return (
    <PageBody>
      <PageHeader
        up={{ href: paths.runs, label: "Runs" }}
        title={
          run.data === undefined ? (
            "Run"
          ) : (
            <>
              <span className="font-mono text-lg">{run.data.pipeline}</span>
              <RunStatus state={run.data.state} pill />
            </>
          )
        }
        lead={
          <span className="inline-flex items-center gap-1">
            <span className="font-mono text-xs">{id}</span>
            <CopyButton text={id} what="run id" />
          </span>
        }
        actions={
          run.data === undefined ? undefined : (
            <div className="flex flex-wrap gap-2">
              <RunActions run={run.data} steps={steps.data ?? []} />
              <Neighbours run={run.data} />
            </div>
          )
        }
      />
      <QueryRegion query={run} what="this run" skeleton={<Skeleton height={90} />}>
        {(data) => (
          <>
            <PausedBanner pipeline={data.pipeline} />
            <RunOriginLine id={id} />
            <Failure run={data} />
            <ByHand run={data} />
            <Facts run={data} rowsOut={rowsSoFar(data, steps.data ?? [])} />
            <QueryRegion
              query={steps}
              what="the steps"
              skeleton={
                <Card title="Steps" flush>
                  <SkeletonRows rows={5} rowHeight={32} />
                </Card>
              }
            >
              {(rows) => <TimelineCard run={data} steps={rows} />}
            </QueryRegion>
            <LogCard run={data} steps={(steps.data ?? []).map((step) => step.dataset)} />
          </>
        )}
      </QueryRegion>
    </PageBody>
  );
}

/** What to do stands first; then what happened. */
function Failure({ run }: { readonly run: RunDetail }) {
  if (run.errorKind === null) return null;
  return (
    <Banner tone="bad" title={POLICY[run.errorKind].remedy}>
      <p className="break-words">
        {ERROR_WORDS[run.errorKind]}
        {run.errorMessage === null ? "; those who may read the log see more." : `: ${run.errorMessage}`}
      </p>
      <Link href={`${paths.run(run.id)}?view=compare`} className="inline-flex min-h-6 items-center underline">
        Compare with the last good run
      </Link>
    </Banner>
  );
}

/** A run that looks well because a person said so does not look like one that wrote everything. */
function ByHand({ run }: { readonly run: RunDetail }) {
  if (run.byHand === 0) return null;
  return (
    <Banner
      tone="warn"
      title={`${plural(run.byHand, "step")} of this run ${run.byHand === 1 ? "was" : "were"} marked by hand`}
    >
      <p>
        What a person marked wrote no rows, and its data reaches no further than before. Choose the step below for who
        did it and why.
      </p>
    </Banner>
  );
}

/** The run's own count is made at its end. */
function rowsSoFar(run: RunDetail, steps: readonly RunStep[]): number {
  return run.endedAt === null ? steps.reduce((sum, step) => sum + (step.rowsOut ?? 0), 0) : run.rowsOut;
}

function Facts({ run, rowsOut }: { readonly run: RunDetail; readonly rowsOut: number }) {
  return (
    <StatRow label="The run">
      <Stat
        label="Trigger"
        value={<TriggerName trigger={run.trigger} />}
        note={
          run.backfillId === null ? (
            TRIGGER_WORDS[run.trigger].why
          ) : (
            <Link href={paths.backfill(run.backfillId)} className="text-accent-text hover:underline">
              The backfill it is part of
            </Link>
          )
        }
      />
      <Stat
        label="Started"
        value={<Timestamp at={run.startedAt} absent="not yet" />}
        note={
          run.startedAt === null ? (
            <>
              queued <Timestamp at={run.createdAt} />
            </>
          ) : (
            <Timestamp at={run.startedAt} show="full" />
          )
        }
      />
      <Stat
        label={run.endedAt === null ? "Running for" : "Duration"}
        value={<Duration from={run.startedAt} to={run.endedAt} absent="not started" />}
        note={run.typicalSeconds === null ? undefined : `typically ${formatDuration(run.typicalSeconds)}`}
      />
      <Stat label="Rows out" value={formatCount(rowsOut)} note={run.endedAt === null ? "so far" : undefined} />
    </StatRow>
  );
}

function Neighbours({ run }: { readonly run: RunDetail }) {
  return (
    <nav aria-label="Runs of this pipeline" className="flex gap-2">
      {run.previousId === null ? null : (
        <Link href={paths.run(run.previousId)} className={buttonClass({ size: "sm" })}>
          Previous run
        </Link>
      )}
      {run.nextId === null ? null : (
        <Link href={paths.run(run.nextId)} className={buttonClass({ size: "sm" })}>
          Next run
        </Link>
      )}
    </nav>
  );
}
