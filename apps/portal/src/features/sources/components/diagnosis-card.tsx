"use client";

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FindingOutcome, type SourceId, worstFirst } from "@nova/pipeline-core/connectors";
import { useMay } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Card } from "@/ui/card.tsx";
import { CodeBlock } from "@/ui/code-block.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { toast } from "@/ui/toaster.tsx";
import type { TonedWord } from "@/ui/tone.ts";

const OUTCOME: Record<FindingOutcome, TonedWord> = {
  ok: { tone: "ok", label: "OK" },
  warning: { tone: "warn", label: "Warning" },
  wrong: { tone: "bad", label: "Wrong" },
};

/** What capture needs of the source and how it stands, with the statement that mends what is wrong. */
export function DiagnosisCard({ source }: { readonly source: SourceId }) {
  const allowed = useMay("sources.check");
  return allowed ? <Diagnosis source={source} /> : null;
}

function Diagnosis({ source }: { readonly source: SourceId }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = trpc.sources.diagnosis.queryOptions({ source });
  const diagnosis = useQuery(query);
  const check = useMutation(
    trpc.sources.check.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries({ queryKey: query.queryKey }),
      onError: (error) => toast.error("The source was not checked", { description: error.message }),
    }),
  );
  return (
    <Card
      title="What capture needs"
      flush
      aside={
        <span className="inline-flex items-center gap-3">
          {diagnosis.data?.diagnosedAt === null || diagnosis.data === undefined ? null : (
            <span>
              checked <Timestamp at={diagnosis.data.diagnosedAt} />
            </span>
          )}
          <Button size="sm" busy={check.isPending} onClick={() => check.mutate({ source })}>
            Check again
          </Button>
        </span>
      }
    >
      <QueryRegion query={diagnosis} what="the diagnosis" skeleton={<SkeletonRows rows={4} rowHeight={44} />}>
        {(data) =>
          data.diagnosis === null ? (
            <EmptyState kind="not-started" title="Not checked yet" compact>
              The worker checks the source when it connects. “Check again” does it now.
            </EmptyState>
          ) : (
            <ul>
              {worstFirst(data.diagnosis.findings).map((finding) => (
                <li key={finding.requirement} className="border-b border-line px-4 py-2 last:border-b-0">
                  <div className="flex flex-wrap items-baseline justify-between gap-x-4">
                    <p className="text-sm font-medium break-words">{finding.requirement}</p>
                    <StatusText {...OUTCOME[finding.outcome]} />
                  </div>
                  <p className="text-xs break-words text-fg-muted">{finding.found}</p>
                  {finding.remedy === null ? null : (
                    <div className="mt-1.5">
                      <CodeBlock text={finding.remedy} what="statement" label={`Mends ${finding.requirement}`} />
                    </div>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </QueryRegion>
    </Card>
  );
}
