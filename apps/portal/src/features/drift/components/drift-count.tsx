"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";

/** How many changes wait for a decision, beside the word in the navigation; nothing when none does. */
export function DriftCount() {
  const trpc = useTRPC();
  const { data: open = 0 } = useQuery(trpc.drift.countOpen.queryOptions(undefined, { refetchInterval: 60_000 }));
  if (open === 0) return null;
  return (
    <span className="num ml-auto rounded-full bg-warn-soft px-1.5 text-2xs font-medium text-warn">
      {open}
      <span className="sr-only"> open</span>
    </span>
  );
}
