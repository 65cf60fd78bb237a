import type { Metadata } from "next";
import { PipelinesPage } from "@/features/pipelines/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Pipelines" };

export default async function Page() {
  await prefetch(trpc.pipelines.graph.queryOptions(), trpc.pipelines.states.queryOptions());
  return (
    <HydrateClient>
      <PipelinesPage />
    </HydrateClient>
  );
}
