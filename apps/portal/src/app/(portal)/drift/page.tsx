import type { Metadata } from "next";
import { DriftPage, loadDriftSearch } from "@/features/drift/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Schema drift" };

interface Props {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const { source, settled } = await loadDriftSearch(searchParams);
  await prefetch(trpc.drift.items.queryOptions({ source, dataset: null, openOnly: !settled }));
  return (
    <HydrateClient>
      <DriftPage />
    </HydrateClient>
  );
}
