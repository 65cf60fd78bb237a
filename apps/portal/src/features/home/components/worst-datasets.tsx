"use client";

import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatDuration, plural } from "@/ui/format.ts";
import { QueryRegion, type RegionQuery } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusPill } from "@/ui/status-pill.tsx";
import type { Health, JudgedDataset } from "../server/judge-health.ts";

/** The datasets people should not rely on right now, worst first, each with the reason. */
export function WorstDatasets({ query }: { readonly query: RegionQuery<Health> }) {
  return (
    <Card title="Needs attention" flush aside={query.data === undefined ? undefined : <Rest health={query.data} />}>
      <QueryRegion
        query={query}
        what="the datasets that need attention"
        skeleton={<SkeletonRows rows={6} rowHeight={53} />}
      >
        {(health) =>
          health.worst.length === 0 ? (
            health.total === 0 ? (
              <EmptyState kind="not-started" title="No dataset yet" compact>
                Datasets appear here when the first rows have landed.
              </EmptyState>
            ) : (
              <EmptyState kind="none-yet" title="Nothing needs attention" compact>
                {health.unknown > 0
                  ? "No dataset is late and no check fails; some are not loaded yet."
                  : "Every dataset is within its target lag and no check fails."}
              </EmptyState>
            )
          ) : (
            <ul>
              {health.worst.map((dataset) => (
                <TroubledDataset key={dataset.name} dataset={dataset} />
              ))}
            </ul>
          )
        }
      </QueryRegion>
    </Card>
  );
}

/** One dataset in trouble: name, state, and why in one line. */
export function TroubledDataset({ dataset }: { readonly dataset: JudgedDataset }) {
  const failing = dataset.failingChecks > 0;
  return (
    <li className="relative border-b border-line px-4 py-2 last:border-b-0 hover:bg-hover">
      <div className="flex items-center justify-between gap-3">
        <Link
          prefetch={false}
          href={failing ? paths.checks(dataset.name) : paths.dataset(dataset.name)}
          className="truncate font-mono text-xs font-medium after:absolute after:inset-0"
        >
          {dataset.name}
        </Link>
        <span className="flex gap-1.5">
          {failing ? (
            <StatusPill tone="bad" label={plural(dataset.failingChecks, "check fails", "checks fail")} />
          ) : null}
          {dataset.state === "late" ? <StatusPill tone="warn" label="Late" /> : null}
          {dataset.state === "unknown" ? <StatusPill tone="idle" label="Not loaded" /> : null}
        </span>
      </div>
      <p className="num mt-0.5 truncate text-xs text-fg-muted">{reason(dataset)}</p>
    </li>
  );
}

function reason(dataset: JudgedDataset): string {
  if (dataset.checkMessage !== null) return dataset.checkMessage;
  if (dataset.ageSeconds === null) return "Nothing was loaded yet.";
  return `Data is ${formatDuration(dataset.ageSeconds)} old, allowed ${formatDuration(dataset.targetLagSeconds)}.`;
}

function Rest({ health }: { readonly health: Health }) {
  const more = Math.max(health.late, health.failing) - health.worst.length;
  if (more <= 0) return null;
  return (
    <Link
      href={paths.catalogWhere(health.late >= health.failing ? "late" : "failing")}
      className="text-accent-text hover:underline"
    >
      and {more} more
    </Link>
  );
}
