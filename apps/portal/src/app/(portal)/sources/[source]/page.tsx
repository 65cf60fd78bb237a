import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { parseSourceId, parseSourceSearch, SourcePage } from "@/features/sources/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

interface Props {
  readonly params: Promise<{ source: string }>;
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  const source = parseSourceId((await params).source);
  return { title: source === null ? "Unknown source" : SOURCE_LABEL[source] };
}

export default async function Page({ params, searchParams }: Props) {
  const source = parseSourceId((await params).source);
  if (source === null) notFound();
  const { range } = parseSourceSearch(await searchParams);
  await prefetch(
    trpc.sources.one.queryOptions({ source }),
    trpc.sources.chart.queryOptions({ source, range }),
    trpc.sources.streams.queryOptions({ source }),
    trpc.drift.items.queryOptions({ source, dataset: null, openOnly: false }),
  );
  return (
    <HydrateClient>
      <SourcePage source={source} />
    </HydrateClient>
  );
}
