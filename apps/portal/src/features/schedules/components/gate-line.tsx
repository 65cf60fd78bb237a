"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";

/** The gate of a scheduled dataset: what it asks for, and what it waits for right now. Nothing for one without. */
export function GateLine({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  // Every row asks for the same list: it is one request.
  const gates = useQuery(trpc.schedules.gates.queryOptions(undefined, { refetchInterval: 15_000, retry: false }));
  if (gates.isError) return <p className="text-xs text-fg-muted">Gate not known: the worker does not answer.</p>;
  const gate = gates.data?.find((one) => one.dataset === dataset);
  if (gate === undefined) return null;
  return (
    <div className="mt-1 max-w-72 min-w-48 text-xs text-fg-muted">
      <StatusText tone={gate.waits ? "warn" : "idle"} label={gate.waits ? "Waits at its gate" : "Gate"} />
      <p>{gate.words.charAt(0).toUpperCase() + gate.words.slice(1)}.</p>
      <p className={gate.waits ? "text-fg" : undefined}>{gate.now}</p>
      {gate.until === null ? null : (
        <p>
          Goes on <Timestamp at={gate.until} />
        </p>
      )}
    </div>
  );
}
