import { HomePage } from "@/features/home/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export default async function Page() {
  await prefetch(
    trpc.home.health.queryOptions(),
    trpc.sources.list.queryOptions(),
    trpc.home.waiting.queryOptions(),
    trpc.home.landed.queryOptions(),
    trpc.live.worker.queryOptions(),
    trpc.commands.pauses.queryOptions(),
  );
  return (
    <HydrateClient>
      <HomePage />
    </HydrateClient>
  );
}
