"use client";

import { useQuery } from "@tanstack/react-query";
import type { DatasetHead } from "@nova/db/read-models";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { CodeBlock } from "@/ui/code-block.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";

/** The model's own text, where it lives and which version made the data. */
export function SqlTab({ head }: { readonly head: DatasetHead }) {
  const trpc = useTRPC();
  const model = useQuery(trpc.datasets.model.queryOptions({ name: head.name }));
  return (
    <Card
      title="Model"
      aside={
        head.hasModel ? (
          <>
            <span className="font-mono">{head.modelPath}</span>
            <span>
              version <span className="font-mono">{head.codeVersion.slice(0, 12)}</span>
            </span>
          </>
        ) : undefined
      }
    >
      <QueryRegion query={model} what="the model" skeleton={<Skeleton height={320} />}>
        {(data) =>
          data === null ? (
            <EmptyState kind="none-yet" title="This dataset has no model">
              {head.layer === "raw"
                ? "Rows are written as they come from the source, in the one envelope."
                : "It is folded from the changes of its stream: the current row per key, typed by the source's own catalog."}
            </EmptyState>
          ) : (
            <CodeBlock text={data.sql} what="SQL" label={`SQL of ${head.name}`} />
          )
        }
      </QueryRegion>
    </Card>
  );
}
