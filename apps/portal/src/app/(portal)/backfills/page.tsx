import type { Metadata } from "next";
import { BackfillsPage } from "@/features/backfills/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Backfills" };

export default async function Page() {
  await prefetch(trpc.backfills.list.queryOptions());
  return (
    <HydrateClient>
      <BackfillsPage />
    </HydrateClient>
  );
}
