"use client";

import { useQuery } from "@tanstack/react-query";
import type { BackfillDatasetProgress, BackfillDetail } from "@nova/db/read-models";
import type { PartState } from "@nova/pipeline-core/orchestration";
import Link from "next/link";
import { scanCost } from "@/features/cost/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { Duration } from "@/ui/duration.tsx";
import { plural } from "@/ui/format.ts";
import { PageBody, PageHeader } from "@/ui/page-header.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { StatusPill } from "@/ui/status-pill.tsx";
import { BACKFILL_STATE_WORDS, PART_STATE_WORDS } from "./backfill-words.ts";
import { PartitionBar } from "./charts/partition-bar.tsx";
import { BackfillActions } from "./components/backfill-actions.tsx";
import { PartsMeter } from "./components/parts-meter.tsx";
import { PartsTable } from "./components/parts-table.tsx";
import { PlanPreview } from "./components/plan-preview.tsx";

const WORST: readonly PartState[] = ["failed", "skipped", "running", "cancelled", "queued", "succeeded"];
const LIVE_MILLIS = 5_000;

/** One backfill: how far it is, what failed first, and the plan that it executes. */
export function BackfillPage({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  const backfill = useQuery(trpc.backfills.one.queryOptions({ id }, { refetchInterval: LIVE_MILLIS }));
  const progress = useQuery(trpc.backfills.progress.queryOptions({ id }, { refetchInterval: LIVE_MILLIS }));
  return (
    <PageBody>
      <PageHeader
        up={{ href: paths.backfills, label: "Backfills" }}
        title={<BackfillTitle backfill={backfill.data} />}
        lead={backfill.data === undefined ? undefined : <BackfillLead backfill={backfill.data} />}
        actions={backfill.data === undefined ? undefined : <BackfillActions backfill={backfill.data} />}
      />
      <Card title="Progress">
        <QueryRegion query={progress} what="the progress" skeleton={<Skeleton height={96} />}>
          {(data) =>
            data.length === 0 ? (
              <p className="text-sm text-fg-muted">This plan was not submitted; nothing of it runs.</p>
            ) : (
              <ul className="flex flex-col gap-4">
                {data.map((one) => (
                  <DatasetProgress key={one.dataset} progress={one} />
                ))}
              </ul>
            )
          }
        </QueryRegion>
      </Card>
      <PartsTable id={id} />
      <Card title="Plan">
        <QueryRegion query={backfill} what="the plan" skeleton={<Skeleton height={240} />}>
          {(data) => <PlanPreview plan={data.plan} cost={costSoFar(data)} />}
        </QueryRegion>
      </Card>
    </PageBody>
  );
}

/** Beside what the plan said; a plan that nobody submitted cost nothing. */
function costSoFar({ state, scannedBytes, billedBytes, endedAt }: BackfillDetail): string | undefined {
  if (state === "planned") return undefined;
  return `${endedAt === null ? "So far" : "Really"}: ${scanCost(scannedBytes, billedBytes)}`;
}

function BackfillTitle({ backfill }: { readonly backfill: BackfillDetail | undefined }) {
  return (
    <>
      <span>Backfill of </span>
      <span className="font-mono text-lg break-all">{backfill?.plan.spec.dataset ?? "…"}</span>
      {backfill === undefined ? null : <StatusPill {...BACKFILL_STATE_WORDS[backfill.state]} />}
    </>
  );
}

function BackfillLead({ backfill }: { readonly backfill: BackfillDetail }) {
  const { plan, requestedBy, startedAt, endedAt, parallelism } = backfill;
  return (
    <>
      {plural(plan.partitions, "partition")} in {plural(plan.runs, "run")}, up to {parallelism} at once. Asked by{" "}
      {requestedBy}.{startedAt === null ? null : endedAt === null ? " Under way for " : " Took "}
      {startedAt === null ? null : <Duration from={startedAt} to={endedAt} />}
    </>
  );
}

function DatasetProgress({ progress: { dataset, parts, spans } }: { readonly progress: BackfillDatasetProgress }) {
  return (
    <li className="flex flex-col gap-1.5">
      <Link href={paths.dataset(dataset)} className="w-max font-mono text-xs font-medium hover:underline">
        {dataset}
      </Link>
      <PartitionBar label={`Days of ${dataset}`} spans={spans} words={PART_STATE_WORDS} worst={WORST} />
      <PartsMeter parts={parts} label={`Partitions of ${dataset}`} />
    </li>
  );
}
