import type { Metadata } from "next";
import { CostPage, costReportInput, loadCostSearch } from "@/features/cost/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Cost" };

interface Props {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const input = costReportInput(await loadCostSearch(searchParams));
  await prefetch(trpc.cost.month.queryOptions(), trpc.cost.report.queryOptions(input));
  return (
    <HydrateClient>
      <CostPage />
    </HydrateClient>
  );
}
