"use client";

import { useMutation, useQuery } from "@tanstack/react-query";
import type { NewTableRule, SourceId } from "@nova/pipeline-core/connectors";
import { useMay } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Select } from "@/ui/select.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { toast } from "@/ui/toaster.tsx";
import { NEW_TABLE_CHOICES } from "../drift-words.ts";
import { DriftList } from "./drift-list.tsx";

interface SourceDriftProps {
  readonly source: SourceId;
  /** Undefined until the source is known. */
  readonly newTables: NewTableRule | undefined;
}

/** How the source's streams changed, open ones first, and what happens to tables that are new in it. */
export function SourceDrift({ source, newTables }: SourceDriftProps) {
  const trpc = useTRPC();
  const items = useQuery(trpc.drift.items.queryOptions({ source, dataset: null, openOnly: false }));
  return (
    <div id="drift" className="scroll-mt-16">
      <Card
        title="Schema drift"
        flush
        aside={
          source === "orders_db" && newTables !== undefined ? (
            <NewTables rule={newTables} />
          ) : items.data === undefined ? undefined : (
            `${items.data.filter((item) => item.state === "open").length} open`
          )
        }
      >
        <QueryRegion query={items} what="the schema drift" skeleton={<SkeletonRows rows={3} rowHeight={56} />}>
          {(data) =>
            data.length === 0 ? (
              <EmptyState kind="none-yet" title="No schema has changed" compact>
                Every stream still sends the columns it began with.
              </EmptyState>
            ) : (
              <DriftList items={data} />
            )
          }
        </QueryRegion>
      </Card>
    </div>
  );
}

function NewTables({ rule }: { readonly rule: NewTableRule }) {
  const trpc = useTRPC();
  const may = useMay("drift.settle");
  const set = useMutation(
    trpc.drift.setNewTableRule.mutationOptions({
      onSuccess: () =>
        toast.success("Rule for new tables changed", { description: "It counts for tables made from now on." }),
      onError: (error) => toast.error("Rule not changed", { description: error.message }),
    }),
  );
  if (!may) return NEW_TABLE_CHOICES.find((choice) => choice.value === rule)?.label;
  return (
    <Select
      label="New tables"
      value={set.isPending ? (set.variables.rule ?? rule) : rule}
      choices={NEW_TABLE_CHOICES}
      onChange={(next) => set.mutate({ source: "orders_db", rule: next })}
    />
  );
}
