import type { Metadata } from "next";
import { loadRunsSearch, runsFilter, RunsPage, runsPageInput } from "@/features/runs/index.ts";
import { container } from "@/server/container.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Runs" };

interface Props {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const search = await loadRunsSearch(searchParams);
  const now = container().clock.now().getTime();
  await prefetch(
    trpc.runs.page.queryOptions(runsPageInput(search, now)),
    trpc.runs.counts.queryOptions(runsFilter(search, now)),
    trpc.runs.pipelines.queryOptions(),
    trpc.runs.launchers.queryOptions(),
    trpc.commands.pauses.queryOptions(),
  );
  return (
    <HydrateClient>
      <RunsPage />
    </HydrateClient>
  );
}
