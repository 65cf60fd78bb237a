"use client";

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";

/** Starting and cancelling; the history is read again after either. */
export function useQueryRun(onStarted: (id: string, sql: string) => void) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refreshHistory = () => queryClient.invalidateQueries({ queryKey: trpc.queries.mine.pathKey() });
  const start = useMutation(
    trpc.queries.start.mutationOptions({
      onSuccess: ({ id }, { sql }) => {
        onStarted(id, sql);
        void refreshHistory();
      },
    }),
  );
  const cancel = useMutation(
    trpc.queries.cancel.mutationOptions({
      onSuccess: (_, { id }) => queryClient.invalidateQueries({ queryKey: ["query-status", id] }),
    }),
  );
  return { start, cancel };
}
