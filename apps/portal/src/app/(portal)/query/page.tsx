import type { Metadata } from "next";
import { loadQuerySearch, parseQueryId, QueryPage } from "@/features/queries/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Query" };

interface Props {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  const id = parseQueryId((await loadQuerySearch(searchParams)).query);
  if (id !== null) await prefetch(trpc.queries.one.queryOptions({ id }));
  return (
    <HydrateClient>
      <QueryPage />
    </HydrateClient>
  );
}
