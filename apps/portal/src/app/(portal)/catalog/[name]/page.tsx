import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { DatasetPage, parseDatasetName } from "@/features/datasets/index.ts";
import { queriesOfDatasetPage } from "@/features/datasets/server/index.ts";
import { HydrateClient, prefetch } from "@/trpc/server.tsx";

interface Props {
  readonly params: Promise<{ name: string }>;
  readonly searchParams: Promise<Record<string, string | string[] | undefined>>;
}

export async function generateMetadata({ params }: Props): Promise<Metadata> {
  return { title: parseDatasetName((await params).name) ?? "Unknown dataset" };
}

export default async function Page({ params, searchParams }: Props) {
  const name = parseDatasetName((await params).name);
  if (name === null) notFound();
  await prefetch(...queriesOfDatasetPage(name, await searchParams));
  return (
    <HydrateClient>
      <DatasetPage name={name} />
    </HydrateClient>
  );
}
