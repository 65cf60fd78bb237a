"use client";

import type { DatasetPartitions } from "@nova/db/read-models";
import { parametersText } from "@nova/pipeline-core/catalog";
import { countDays, type DayRange, rangesText } from "@nova/pipeline-core/orchestration";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { useMay } from "@/features/profile/index.ts";
import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { plural } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";

interface OtherParametersProps {
  readonly marked: DatasetPartitions["marked"];
  /** Asked to compute days by the defaults again. */
  readonly onChoose: (days: DayRange) => void;
}

/** Days whose rows do not stand by the parameters of live refreshes, with the values. */
export function OtherParameters({ marked, onChoose }: OtherParametersProps) {
  const allowed = useMay("backfills.run");
  if (marked.length === 0) return null;
  return (
    <Banner tone="info" title={`${plural(countDays(marked), "day")} by other parameters than the defaults`}>
      <ul aria-label="Days by other parameters" className="mt-1 flex flex-col gap-1">
        {marked.map(({ from, to, parameters, runId, at }) => (
          <li key={from} className="flex flex-wrap items-center gap-x-3 gap-y-1">
            <span className="num">{rangesText([{ from, to }])}</span>
            <span className="font-mono text-xs break-all">{parametersText(parameters)}</span>
            <Link
              href={paths.run(runId)}
              className="inline-flex min-h-6 items-center gap-1 text-xs text-accent-text hover:underline"
            >
              since <Timestamp at={at} />
            </Link>
            {allowed ? (
              <Button size="sm" onClick={() => onChoose({ from, to })}>
                Compute by the defaults…
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </Banner>
  );
}
