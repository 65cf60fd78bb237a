import type { SourceFlow } from "@nova/db/read-models";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { BreakerMark, SOURCE_COLOR, SourceStatus } from "@/features/sources/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatBytes, formatDuration, formatRate } from "@/ui/format.ts";
import { SparkLine } from "@/ui/spark-line.tsx";

/** The four sources side by side: state, rows per second now and over the last half hour, lag. */
export function SourceFlows({ sources }: { readonly sources: readonly SourceFlow[] }) {
  if (sources.length === 0) {
    return (
      <Card title="Sources">
        <EmptyState kind="not-started" title="No source is known yet" compact>
          The worker makes the sources known when it starts. This page follows by itself.
        </EmptyState>
      </Card>
    );
  }
  const total = sources.reduce((sum, source) => sum + source.rowsPerSecond, 0);
  return (
    <section aria-label="Live throughput">
      <div className="mb-2 flex items-baseline justify-between">
        <h2 className="text-sm font-semibold">Live throughput</h2>
        <p className="num text-xs text-fg-muted">{formatRate(total)} rows/s together, last 30 minutes</p>
      </div>
      <ul className="grid gap-px overflow-hidden rounded-lg border border-line bg-line grid-cols-1 sm:grid-cols-2 xl:grid-cols-4">
        {sources.map((source) => (
          <li key={source.id} className="relative bg-surface p-4 transition-colors hover:bg-hover">
            <div className="flex items-center justify-between gap-2">
              <h3 className="truncate text-sm font-medium">
                <Link href={paths.source(source.id)} className="after:absolute after:inset-0">
                  {SOURCE_LABEL[source.id]}
                </Link>
              </h3>
              <SourceStatus state={source.state} />
            </div>
            <p className="mt-2 flex items-baseline gap-1.5">
              <span className="num text-xl font-semibold">{formatRate(source.rowsPerSecond)}</span>
              <span className="text-xs text-fg-muted">rows/s</span>
              <span className="num ml-auto text-xs text-fg-muted">{lagText(source)}</span>
            </p>
            <div className="mt-3">
              <SparkLine
                values={source.recent}
                color={SOURCE_COLOR[source.id]}
                height={44}
                label={`${SOURCE_LABEL[source.id]}: rows per second over the last 30 minutes, now ${formatRate(source.rowsPerSecond)}`}
              />
            </div>
            <BreakerMark breakers={source.breakers} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function lagText({ lagSeconds, lagBytes }: SourceFlow): string {
  if (lagSeconds === null) return "lag unknown";
  return `lag ${formatDuration(lagSeconds)}${lagBytes === null || lagBytes === 0 ? "" : ` · ${formatBytes(lagBytes)}`}`;
}
