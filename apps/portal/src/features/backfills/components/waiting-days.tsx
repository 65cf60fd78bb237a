"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";
import { plural } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";

/** Days that the next refresh leaves out, as the check of the gate says they are not ready. Nothing while none waits. */
export function WaitingDays({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const gates = useQuery(trpc.schedules.gates.queryOptions(undefined, { refetchInterval: 15_000, retry: false }));
  if (gates.isError) return <p className="text-sm text-fg-muted">Gates not known: the worker does not answer.</p>;
  const days = gates.data?.find((gate) => gate.dataset === dataset)?.days ?? [];
  if (days.length === 0) return null;
  return (
    <div className="text-sm">
      <StatusText tone="warn" label={`${plural(days.length, "day")} waiting at the gate`} />
      <ul aria-label="Days that wait at the gate" className="mt-1 flex flex-col gap-0.5 text-fg-muted">
        {days.map(({ day, value, until }) => (
          <li key={day}>
            <span className="num text-fg">{day}</span>: its check gives {value ?? "no row"}
            {until === null ? null : (
              <>
                ; computed with what there is from <Timestamp at={until} />
              </>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
