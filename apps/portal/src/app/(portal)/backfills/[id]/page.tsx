import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { BackfillPage } from "@/features/backfills/index.ts";
import { parseRunId } from "@/features/runs/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

interface Props {
  readonly params: Promise<{ id: string }>;
}

export const metadata: Metadata = { title: "Backfill" };

export default async function Page({ params }: Props) {
  const id = parseRunId((await params).id);
  if (id === null) notFound();
  await prefetch(trpc.backfills.one.queryOptions({ id }), trpc.backfills.progress.queryOptions({ id }));
  return (
    <HydrateClient>
      <BackfillPage id={id} />
    </HydrateClient>
  );
}
