import type { Metadata } from "next";
import { SourcesPage } from "@/features/sources/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Sources" };

export default async function Page() {
  await prefetch(trpc.sources.list.queryOptions());
  return (
    <HydrateClient>
      <SourcesPage />
    </HydrateClient>
  );
}
