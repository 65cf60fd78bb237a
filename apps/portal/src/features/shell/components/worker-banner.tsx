"use client";

import { useQuery } from "@tanstack/react-query";
import { TriangleAlert } from "lucide-react";
import { useTRPC } from "@/trpc/client.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { useNow } from "@/ui/time.tsx";

/** The worker beats every two seconds; this long without a beat means it is gone. */
const SILENT_MILLIS = 20_000;

/** Across every page while no worker moves data. */
export function WorkerBanner() {
  const trpc = useTRPC();
  const { data: worker } = useQuery(
    trpc.live.worker.queryOptions(undefined, { refetchInterval: 10_000, staleTime: 5_000 }),
  );
  const now = useNow();
  if (worker === undefined) return null;
  const silentSince =
    worker === null
      ? null
      : (worker.releasedAt ?? (now - worker.heartbeatAt.getTime() > SILENT_MILLIS ? worker.heartbeatAt : undefined));
  if (silentSince === undefined) return null;
  return (
    <div
      role="status"
      className="flex items-start gap-2 border-b border-line bg-warn-soft px-4 py-2 text-sm text-warn md:px-6"
    >
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0" />
      <p>
        <strong className="font-semibold">No worker is running</strong>
        {silentSince === null ? (
          ", and none has run yet"
        ) : (
          <>
            ; the last sign of life was <Timestamp at={silentSince} />
          </>
        )}
        . Nothing moves until one starts: sources keep their changes and capture resumes where it stopped.
      </p>
    </div>
  );
}
