"use client";

import { useQuery } from "@tanstack/react-query";
import type { Condition, WhyState } from "@nova/pipeline-core/orchestration";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { StatusPill, StatusText } from "@/ui/status-pill.tsx";
import type { TonedWord } from "@/ui/tone.ts";

const STATE: Record<WhyState, TonedWord> = {
  running: { tone: "info", label: "Running" },
  ready: { tone: "info", label: "About to run" },
  "up-to-date": { tone: "ok", label: "Nothing to do" },
  waiting: { tone: "idle", label: "Waiting" },
  stopped: { tone: "warn", label: "Stopped by a person" },
};

/** Answers "why is this not running?" with the scheduler's own conditions and their values. */
export function WhyCard({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const why = useQuery(trpc.commands.why.queryOptions({ name: dataset }, { refetchInterval: 5_000 }));
  return (
    <Card
      title="Why is it not running?"
      flush
      aside={
        <>
          {why.data === undefined ? null : (
            <StatusPill tone={STATE[why.data.state].tone} label={STATE[why.data.state].label} />
          )}
          <CopyButton text={`npm run nova -- why ${dataset}`} what="as CLI" />
        </>
      }
    >
      <QueryRegion query={why} what="the scheduler's answer" skeleton={<Skeleton height={64} />}>
        {({ headline, conditions }) => (
          <>
            <p className="px-4 py-2.5">{headline}</p>
            {conditions.length === 0 ? null : (
              <details className="border-t border-line px-4 py-2">
                <summary className="inline-block min-h-6 cursor-pointer rounded-sm text-xs leading-6 text-fg-muted hover:text-fg">
                  Every condition with its value
                </summary>
                <ul aria-label="Conditions" className="mt-1 mb-1 flex flex-col gap-1.5 text-xs">
                  {conditions.map((condition) => (
                    <li key={condition.id} className="flex items-start gap-3">
                      <span className="w-20 shrink-0">
                        <StatusText {...marks(condition)} />
                      </span>
                      <span className="text-fg-muted">{condition.text}</span>
                    </li>
                  ))}
                </ul>
              </details>
            )}
          </>
        )}
      </QueryRegion>
    </Card>
  );
}

function marks({ holds, blocks }: Condition): TonedWord {
  if (holds) return { tone: "ok", label: "Holds" };
  return blocks ? { tone: "warn", label: "Waits" } : { tone: "info", label: "Note" };
}
