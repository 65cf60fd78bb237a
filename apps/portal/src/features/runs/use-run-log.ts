"use client";

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTRPCClient } from "@/trpc/client.tsx";
import { type LogStretch, mergeLines, resumeAfter } from "./merge-log.ts";

/** As many as one answer holds at most. */
const FULL_ANSWER = 1_000;
const FOLLOW_MILLIS = 2_000;

/**
 * The newest lines of a run's log, growing while it runs. Only what is new is read: the key is not a procedure's, so
 * live events do not read the whole log again.
 */
export function useRunLog(id: string, running: boolean) {
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  const [loadingEarlier, setLoadingEarlier] = useState(false);
  const key = ["run-log", id];

  const query = useQuery({
    queryKey: key,
    queryFn: async ({ signal }): Promise<LogStretch> => {
      const known = queryClient.getQueryData<LogStretch>(key);
      if (known === undefined) {
        const lines = await client.runs.log.query({ id }, { signal });
        return { lines, earlier: lines.length === FULL_ANSWER };
      }
      let lines = known.lines;
      for (let after = resumeAfter(lines); ;) {
        const more = await client.runs.log.query({ id, after }, { signal });
        lines = mergeLines(lines, more);
        if (more.length < FULL_ANSWER) return lines === known.lines ? known : { ...known, lines };
        after = more.at(-1)?.seq ?? after;
      }
    },
    refetchInterval: running ? FOLLOW_MILLIS : false,
    staleTime: 0,
    placeholderData: undefined,
    structuralSharing: false,
  });

  // The last lines are written while the run ends.
  const { refetch } = query;
  useEffect(() => {
    if (!running) void refetch();
  }, [running, refetch]);

  async function loadEarlier(): Promise<void> {
    const first = query.data?.lines[0]?.seq;
    if (first === undefined || loadingEarlier) return;
    setLoadingEarlier(true);
    try {
      const earlier = await client.runs.log.query({ id, before: first });
      queryClient.setQueryData<LogStretch>(key, (known) =>
        known === undefined
          ? known
          : { lines: mergeLines(earlier, known.lines), earlier: earlier.length === FULL_ANSWER },
      );
    } finally {
      setLoadingEarlier(false);
    }
  }

  return { query, loadEarlier, loadingEarlier };
}
