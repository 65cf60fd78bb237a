"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { formatId } from "@/ui/format.ts";

/** Whose run it is: asked by whom, retry of which run, retried by which, cancelled by whom. */
export function RunOriginLine({ id }: { readonly id: string }) {
  const trpc = useTRPC();
  const { data } = useQuery(trpc.commands.ofRun.queryOptions({ id }));
  if (data === undefined) return null;
  const parts = [
    data.requestedBy === null ? null : <span key="asked">Asked by {data.requestedBy}</span>,
    data.cancelledBy === null ? null : <span key="cancelled">Cancelled by {data.cancelledBy}</span>,
    data.retryOf === null ? null : (
      <span key="of">
        Retry of <RunLink id={data.retryOf} />
      </span>
    ),
    ...data.retries.map((retry) => (
      <span key={retry.id}>
        Retried by <RunLink id={retry.id} /> ({retry.state})
      </span>
    )),
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : <p className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-fg-muted">{parts}</p>;
}

function RunLink({ id }: { readonly id: string }) {
  return (
    <Link href={paths.run(id)} className="inline-flex min-h-6 items-center font-mono text-accent-text hover:underline">
      {formatId(id)}
    </Link>
  );
}
