import type { Metadata } from "next";
import { CatalogPage, parseCatalogSearch } from "@/features/datasets/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Catalog" };

interface Props {
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export default async function Page({ searchParams }: Props) {
  await prefetch(trpc.datasets.list.queryOptions(parseCatalogSearch(await searchParams)));
  return (
    <HydrateClient>
      <CatalogPage />
    </HydrateClient>
  );
}
