"use client";

import { useQuery } from "@tanstack/react-query";
import type { PoolPlace, PoolState } from "@nova/pipeline-core/orchestration";
import Link from "next/link";
import { DatasetLink, paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { formatCount, formatId, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { PoolActions } from "./pool-actions.tsx";

/** Of a long queue, those whose turn comes next. */
const SHOWN = 6;

/** How much runs at once: the size of each pool, who has its places and who waits for one. */
export function PoolsCard() {
  const trpc = useTRPC();
  const pools = useQuery(trpc.pipelines.pools.queryOptions(undefined, { refetchInterval: 5_000 }));
  const waiting = pools.data?.reduce((sum, pool) => sum + pool.waiting.length, 0);
  return (
    <Card
      title="Concurrency pools"
      flush
      aside={
        <>
          {waiting === undefined ? null : (
            <span>{waiting === 0 ? "nobody waits" : `${formatCount(waiting)} waiting`}</span>
          )}
          <CopyButton text="npm run nova -- pools" what="as CLI" />
        </>
      }
    >
      <QueryRegion query={pools} what="the concurrency pools" skeleton={<SkeletonRows rows={3} rowHeight={76} />}>
        {(data) => (
          <ul>
            {data.map((pool) => (
              <li
                key={`${pool.kind} ${pool.name}`}
                className="grid grid-cols-1 gap-x-6 gap-y-2 border-b border-line px-4 py-3 last:border-b-0 md:grid-cols-[minmax(0,5fr)_minmax(0,4fr)_minmax(0,4fr)]"
              >
                <PoolHead pool={pool} />
                <Places title="Has a place" places={pool.running} none="Nobody: the next one begins at once." />
                <Places title="Waits, the next one first" places={pool.waiting} none="Nobody." />
              </li>
            ))}
          </ul>
        )}
      </QueryRegion>
    </Card>
  );
}

function PoolHead({ pool }: { readonly pool: PoolState }) {
  const { kind, name, size, declared, changed, description, datasets, running } = pool;
  return (
    <div className="min-w-0">
      <h3 className="flex flex-wrap items-baseline gap-x-3 text-sm font-medium">
        {kind === "pool" ? <span className="font-mono text-xs">{name}</span> : capitalised(name)}
        <span className="num text-xs font-normal">
          <StatusText
            tone={running.length > 0 ? "info" : "idle"}
            label={`${formatCount(running.length)} of ${plural(size, "place")} taken`}
          />
        </span>
      </h3>
      <p className="mt-0.5 text-xs text-fg-muted">{description}</p>
      {kind === "pool" ? (
        <p className="mt-0.5 text-xs break-words text-fg-muted">
          {datasets.length === 0 ? "No model names it." : `For ${datasets.join(", ")}.`}
        </p>
      ) : null}
      {changed === null ? null : (
        <p className="mt-0.5 text-xs break-words text-fg-muted">
          Changed from {declared} by {changed.by}, <Timestamp at={changed.at} />: {changed.reason}
        </p>
      )}
      {kind === "pool" ? <PoolActions pool={pool} /> : null}
    </div>
  );
}

function Places({
  title,
  places,
  none,
}: {
  readonly title: string;
  readonly places: readonly PoolPlace[];
  readonly none: string;
}) {
  return (
    <div className="min-w-0 text-xs">
      <h4 className="text-fg-muted">{title}</h4>
      {places.length === 0 ? (
        <p>{none}</p>
      ) : (
        <ol>
          {places.slice(0, SHOWN).map((place, index) => (
            // The same dataset may stand there twice: live and in a backfill.
            <li
              key={`${index} ${place.dataset} ${place.runId}`}
              className="flex min-h-6 flex-wrap items-center gap-x-2"
            >
              <Place place={place} />
            </li>
          ))}
        </ol>
      )}
      {places.length > SHOWN ? <p className="text-fg-muted">and {formatCount(places.length - SHOWN)} more</p> : null}
    </div>
  );
}

function Place({ place: { dataset, runId } }: { readonly place: PoolPlace }) {
  if (dataset === null) return "Tidying of a table";
  return (
    <>
      <DatasetLink name={dataset} />
      {runId === null ? null : (
        <Link href={paths.run(runId)} className="text-fg-muted hover:text-fg hover:underline">
          run {formatId(runId)}
        </Link>
      )}
    </>
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
