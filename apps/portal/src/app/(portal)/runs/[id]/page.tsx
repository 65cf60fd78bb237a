import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { parseRunId, RunPage } from "@/features/runs/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

interface Props {
  readonly params: Promise<{ id: string }>;
}

export const metadata: Metadata = { title: "Run" };

export default async function Page({ params }: Props) {
  const id = parseRunId((await params).id);
  if (id === null) notFound();
  await prefetch(trpc.runs.one.queryOptions({ id }), trpc.runs.steps.queryOptions({ id }));
  return (
    <HydrateClient>
      <RunPage id={id} />
    </HydrateClient>
  );
}
