"use client";

import { useQuery } from "@tanstack/react-query";
import { replayedReason, type SourceId } from "@nova/pipeline-core/connectors";
import type { QuarantineGroup } from "@nova/db/read-models";
import { useMay } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { CodeBlock } from "@/ui/code-block.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCount, plural } from "@/ui/format.ts";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { REASON_WORDS } from "../source-words.ts";

interface QuarantineProps {
  readonly source: SourceId;
  /** Null: the reader may not replay, or the source cannot. */
  readonly onReplay: OnReplay | null;
}

type OnReplay = (group: Pick<QuarantineGroup, "stream" | "why">) => void;

/** What could not be accepted, by reason, with the newest as a masked sample. */
export function QuarantineCard({ source, onReplay }: QuarantineProps) {
  const allowed = useMay("quarantine.view");
  return (
    <div id="quarantine" className="scroll-mt-16">
      <Card title="Quarantine" flush aside="last 14 days">
        {allowed ? (
          <Groups source={source} onReplay={onReplay} />
        ) : (
          <EmptyState kind="forbidden" title="Quarantine is for engineers and privacy officers" compact>
            Refused rows may hold personal data in free form. Ask a data engineer about rows you miss.
          </EmptyState>
        )}
      </Card>
    </div>
  );
}

function Groups({ source, onReplay }: QuarantineProps) {
  const trpc = useTRPC();
  const groups = useQuery(trpc.sources.quarantine.queryOptions({ source }));
  return (
    <QueryRegion query={groups} what="the quarantine" skeleton={<SkeletonRows rows={3} rowHeight={56} />}>
      {(data) =>
        data.length === 0 ? (
          <EmptyState kind="none-yet" title="Nothing is in quarantine" compact>
            Everything this source sent could be accepted.
          </EmptyState>
        ) : (
          <ul>
            {data.map((group) => (
              <li
                key={`${group.reason} ${group.stream ?? ""} ${group.why ?? ""}`}
                className="border-b border-line px-4 py-3 last:border-b-0"
              >
                <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                  <p className="text-sm font-medium">
                    {REASON_WORDS[group.reason] ?? group.reason}{" "}
                    <span className="num font-normal text-fg-muted">· {plural(group.count, "row")}</span>
                  </p>
                  <p className="text-xs text-fg-muted">
                    last <Timestamp at={group.lastAt} />
                  </p>
                </div>
                <p className="mt-0.5 text-xs text-fg-muted">
                  {group.stream === null ? "" : `${group.stream}: `}
                  {group.detail}
                </p>
                <Replayed group={group} />
                {onReplay !== null && group.count > 0 && group.reason === replayedReason(source, group.stream) ? (
                  <ReplayButton group={group} onReplay={onReplay} />
                ) : null}
                <details className="mt-1">
                  <summary className="inline-block min-h-6 cursor-pointer rounded-sm text-xs leading-6 text-accent-text hover:underline">
                    {group.count > 0 ? `Newest of ${formatCount(group.count)}` : "The last one"}, values masked
                  </summary>
                  <div className="mt-2">
                    <CodeBlock text={group.sample} what="sample" label={`Masked sample of ${group.reason}`} />
                  </div>
                </details>
              </li>
            ))}
          </ul>
        )
      }
    </QueryRegion>
  );
}

/** Proof of the last replay: what was read again, and what of it did not fit once more. */
function Replayed({ group: { replay } }: { readonly group: Pick<QuarantineGroup, "replay"> }) {
  if (replay === null) return null;
  return (
    <p className={`mt-0.5 text-xs ${replay.cameBack > 0 ? "text-warn" : "text-fg-muted"}`}>
      {plural(replay.rows, "row")} replayed <Timestamp at={replay.at} />, {formatCount(replay.cameBack)} refused again
    </p>
  );
}

function ReplayButton({
  group,
  onReplay,
}: {
  readonly group: Pick<QuarantineGroup, "stream" | "why" | "count">;
  readonly onReplay: OnReplay;
}) {
  return (
    <div className="mt-1.5">
      <Button size="sm" onClick={() => onReplay(group)}>
        Replay {group.why === null ? group.stream : plural(group.count, group.stream === null ? "event" : "record")}
      </Button>
    </div>
  );
}
