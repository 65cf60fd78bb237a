"use client";

import { useQuery } from "@tanstack/react-query";
import type { DatasetHead } from "@nova/db/read-models";
import Link from "next/link";
import { WhyCard } from "@/features/commands/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { buttonClass } from "@/ui/button-class.ts";
import { Card, Stat, StatRow } from "@/ui/card.tsx";
import { CodeBlock } from "@/ui/code-block.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Fact, Facts } from "@/ui/facts.tsx";
import { formatBytes, formatCompact, formatCount, formatDuration, formatKnown, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { FreshnessStrip } from "../charts/freshness-strip.tsx";
import { KIND_WORDS } from "../dataset-words.ts";
import { readySql } from "../ready-sql.ts";
import { HealthCard } from "./health-card.tsx";
import { NeighbourList } from "./neighbour-list.tsx";

/** What it is, whether it can be relied on, where it comes from, who reads it, and a query to begin with. */
export function OverviewTab({ head }: { readonly head: DatasetHead }) {
  const trpc = useTRPC();
  const day = useQuery(trpc.datasets.freshness.queryOptions({ name: head.name, range: "24h" }));
  const sql = readySql(head);
  return (
    <div className="flex flex-col gap-5">
      <Figures head={head} />
      <div className="grid grid-cols-1 items-start gap-5 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="flex min-w-0 flex-col gap-5">
          <HealthCard head={head} />
          <WhyCard dataset={head.name} />
          <Card title="Freshness, last 24 hours">
            <QueryRegion query={day} what="the freshness" skeleton={<Skeleton height={48} />}>
              {(history) => <FreshnessStrip history={history} />}
            </QueryRegion>
          </Card>
          <Card
            title="Ready-to-run SQL"
            aside={
              <Link href={paths.queryOf(sql)} className={buttonClass({ size: "sm" })}>
                Open in Query
              </Link>
            }
          >
            <CodeBlock text={sql} what="SQL" label={`Query over ${head.name}`} />
          </Card>
        </div>
        <div className="flex min-w-0 flex-col gap-5">
          <AboutCard head={head} />
          <Card
            title="Inputs"
            flush
            aside={head.inputs.length === 0 ? undefined : plural(head.inputs.length, "dataset")}
          >
            {head.inputs.length === 0 ? <NoInputs head={head} /> : <NeighbourList label="Inputs" rows={head.inputs} />}
          </Card>
          <Card
            title="Used by"
            flush
            aside={head.usedBy.length === 0 ? undefined : plural(head.usedBy.length, "dataset")}
          >
            {head.usedBy.length === 0 ? (
              <EmptyState kind="none-yet" title="No dataset reads it" compact>
                People query it {head.queryCount === 0 ? "not yet" : `${plural(head.queryCount, "time")} so far`}.
              </EmptyState>
            ) : (
              <NeighbourList label="Used by" rows={head.usedBy} />
            )}
          </Card>
        </div>
      </div>
    </div>
  );
}

function Figures({ head }: { readonly head: DatasetHead }) {
  const changed = head.lastStep?.rowsOut ?? null;
  return (
    <StatRow label="Figures">
      <Stat
        label="Data through"
        value={<Timestamp at={head.dataThrough} absent="not loaded" />}
        note={`allowed ${formatDuration(head.targetLagSeconds)}`}
      />
      <Stat
        label="Last commit"
        value={<Timestamp at={head.committedAt} absent="none yet" />}
        note={changed === null ? undefined : `${plural(changed, "row")} by the last step`}
      />
      <Stat label="Rows" value={formatKnown(head.rowCount, formatCount)} />
      <Stat
        label="Size"
        value={formatKnown(head.bytes, formatBytes)}
        note={head.fileCount === null ? undefined : plural(head.fileCount, "file")}
      />
      <Stat label="Queried" value={formatCompact(head.queryCount)} note="times so far" />
    </StatRow>
  );
}

function AboutCard({ head }: { readonly head: DatasetHead }) {
  return (
    <Card title="About">
      <Facts>
        <Fact name="Owner">{head.owner}</Fact>
        <Fact name="Pipeline">
          <span className="font-mono text-xs">{head.pipeline}</span>, {KIND_WORDS[head.kind]}
        </Fact>
        <Fact name="Key">
          {head.keyColumns.length === 0 ? (
            <span className="text-fg-muted">none, rows are only added</span>
          ) : (
            <span className="font-mono text-xs">{head.keyColumns.join(", ")}</span>
          )}
        </Fact>
        <Fact name="Target lag">{formatDuration(head.targetLagSeconds)}</Fact>
        {head.stream === null ? null : (
          <Fact name="Stream">
            <Link
              href={paths.stream(head.stream.source, head.stream.name)}
              className="font-mono text-xs text-accent-text hover:underline"
            >
              {head.stream.source}/{head.stream.name}
            </Link>
          </Fact>
        )}
        {head.layer === "raw" ? (
          <Fact name="Source">
            <Link href={paths.source(head.name.slice("raw.".length))} className="text-accent-text hover:underline">
              {Object.entries(SOURCE_LABEL).find(([id]) => `raw.${id}` === head.name)?.[1] ?? head.name}
            </Link>
          </Fact>
        ) : null}
        {head.modelPath === "" ? null : (
          <Fact name="Model">
            <span className="font-mono text-xs">{head.modelPath}</span>
          </Fact>
        )}
        {head.codeVersion === "" ? null : (
          <Fact name="Code version">
            <span className="font-mono text-xs">{head.codeVersion}</span>
          </Fact>
        )}
        <Fact name="Snapshot">
          {head.snapshotId === null ? (
            <span className="text-fg-muted">none yet</span>
          ) : (
            <span className="inline-flex items-center gap-1">
              <span className="num font-mono text-xs">{head.snapshotId}</span>
              <CopyButton text={head.snapshotId} what="snapshot id" />
            </span>
          )}
        </Fact>
        {head.lastStep === null ? null : (
          <Fact name="Last run">
            <Link href={paths.run(head.lastStep.runId)} className="text-accent-text hover:underline">
              {head.lastStep.state}
            </Link>{" "}
            {head.lastStep.endedAt === null ? "" : <Timestamp at={head.lastStep.endedAt} />}
          </Fact>
        )}
      </Facts>
    </Card>
  );
}

function NoInputs({ head }: { readonly head: DatasetHead }) {
  const source = head.name.replace(/^raw\./, "");
  return (
    <EmptyState
      kind="none-yet"
      title="It reads no dataset"
      compact
      action={
        <Link href={paths.source(source)} className={buttonClass({ size: "sm" })}>
          Go to the source
        </Link>
      }
    >
      Its rows come straight from the source.
    </EmptyState>
  );
}
