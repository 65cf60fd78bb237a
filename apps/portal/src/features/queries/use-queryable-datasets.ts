"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPCClient } from "@/trpc/client.tsx";

/** What may be queried, with columns. Its key is no procedure's: it is large, and every query by anyone would read it again. */
export function useQueryableDatasets() {
  const client = useTRPCClient();
  return useQuery({
    queryKey: ["queryable-datasets"],
    queryFn: ({ signal }) => client.queries.datasets.query(undefined, { signal }),
    staleTime: 5 * 60_000,
    refetchOnWindowFocus: false,
  });
}
