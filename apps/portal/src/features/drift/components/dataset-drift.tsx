"use client";

import { useQuery } from "@tanstack/react-query";
import { driftText, meanwhileText } from "@nova/pipeline-core/connectors";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Banner } from "@/ui/banner.tsx";

/** What waits for a decision about the stream of a staged dataset; nothing for other datasets. */
export function DatasetDrift({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const { data: items = [] } = useQuery(
    trpc.drift.items.queryOptions(
      { source: null, dataset, openOnly: true },
      { enabled: dataset.startsWith("staged."), refetchInterval: 30_000 },
    ),
  );
  return items.map((item) => (
    <Banner key={item.id} tone={item.waits ? "bad" : "warn"} title={`In the source, ${driftText(item.change)}`}>
      <p>
        {meanwhileText(item)}{" "}
        <Link href={paths.drift} className="underline">
          Open the drift inbox
        </Link>
      </p>
    </Banner>
  ));
}
