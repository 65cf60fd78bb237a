"use client";

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useTRPCClient } from "@/trpc/client.tsx";

const POLL_MILLIS = 350;
/** While the worker does not answer for a query that ran when it last did. */
const SILENT_POLL_MILLIS = 3_000;

/**
 * Status and rows of a query, as they come. Results are bounded by the row and byte limits, so all pages are read; the
 * keys are no procedure's, for a result never changes and live events must not read it again.
 */
export function useQueryResult(id: string | null) {
  const client = useTRPCClient();
  const status = useQuery({
    queryKey: ["query-status", id],
    queryFn: ({ signal }) => client.queries.status.query({ id: id ?? "" }, { signal }),
    enabled: id !== null,
    refetchInterval: ({ state: { data, error } }) => {
      if (data?.state !== "running") return false;
      return error === null ? POLL_MILLIS : SILENT_POLL_MILLIS;
    },
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    placeholderData: undefined,
    retry: false,
  });
  const pages = useInfiniteQuery({
    queryKey: ["query-pages", id],
    queryFn: ({ pageParam, signal }) => client.queries.page.query({ id: id ?? "", after: pageParam }, { signal }),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    enabled: id !== null && (status.data?.rows ?? 0) > 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
    placeholderData: undefined,
  });
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = pages;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isError, fetchNextPage, pages.data]);
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.rows) ?? [], [pages.data]);
  return { status, pages, rows };
}
