import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { DatasetPage, parseDatasetName, parseDatasetSearch } from "@/features/datasets/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

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
  const { tab, range, check } = parseDatasetSearch(await searchParams);
  const { head, columns, freshness, checks, checkResults, model } = trpc.datasets;
  await prefetch(
    head.queryOptions({ name }),
    ...(tab === "overview" ? [freshness.queryOptions({ name, range: "24h" })] : []),
    ...(tab === "columns" ? [columns.queryOptions({ name })] : []),
    ...(tab === "freshness" ? [freshness.queryOptions({ name, range })] : []),
    ...(tab === "checks" ? [checks.queryOptions({ name })] : []),
    ...(tab === "checks" && check !== "" ? [checkResults.queryOptions({ name, check })] : []),
    ...(tab === "sql" ? [model.queryOptions({ name })] : []),
  );
  return (
    <HydrateClient>
      <DatasetPage name={name} />
    </HydrateClient>
  );
}
