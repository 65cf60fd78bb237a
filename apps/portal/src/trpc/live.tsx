"use client";

import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { EVENT_TOPICS, type EventTopic } from "@nova/pipeline-core/kernel";
import { useTRPC } from "./client.tsx";

/** Routers, or single procedures of one, whose queries show something of a topic. A new router adds its name here to be live. */
const ROUTERS_OF_TOPIC: Record<EventTopic, readonly string[]> = {
  source: ["home", "sources", "drift"],
  dataset: ["home", "datasets", "lineage", "pipelines.states"],
  run: ["home", "runs", "datasets", "pipelines.states", "schedules"],
  check: ["home", "datasets", "pipelines.states", "runs.comparison"],
  query: ["home", "queries"],
  quarantine: ["home", "sources"],
  command: ["commands", "runs", "datasets", "backfills", "pipelines.states", "schedules"],
  backfill: ["backfills"],
};

/** At most one refetch per router within this time, however many events come. */
const REFETCH_MILLIS = 2_000;

export type LiveState = "connecting" | "live" | "lost";

interface Live {
  readonly state: LiveState;
  /** When the connection was lost; null while it holds. */
  readonly lostAt: Date | null;
}

const LiveContext = createContext<Live>({ state: "connecting", lostAt: null });

export const useLive = (): Live => useContext(LiveContext);

/** One subscription for the whole tab: what changed on the server makes the queries that show it read again. */
export function LiveProvider({ children }: { readonly children: ReactNode }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [refetcher] = useState(() => createRefetcher(queryClient));
  useEffect(() => () => refetcher.stop(), [refetcher]);
  const subscription = useSubscription(
    trpc.live.events.subscriptionOptions(undefined, {
      onData({ data }) {
        if (data === "resync") refetcher.mark(EVENT_TOPICS.flatMap((topic) => ROUTERS_OF_TOPIC[topic]));
        else refetcher.mark(ROUTERS_OF_TOPIC[data.topic]);
      },
    }),
  );
  const value = useConnection(subscription.status === "pending");
  return <LiveContext value={value}>{children}</LiveContext>;
}

/** Collects what became old and makes its queries read again, together. */
function createRefetcher(queryClient: QueryClient) {
  const dirty = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  function flush(): void {
    timer = undefined;
    const names = new Set(dirty);
    dirty.clear();
    void queryClient.invalidateQueries({
      predicate: ({ queryKey }) => namesOf(queryKey).some((name) => names.has(name)),
    });
  }
  return {
    mark(routers: readonly string[]): void {
      for (const name of routers) dirty.add(name);
      timer ??= setTimeout(flush, REFETCH_MILLIS);
    },
    stop(): void {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** The stream reconnects by itself every few minutes; only a gap longer than this is worth telling. */
const LOST_AFTER_MILLIS = 4_000;

function useConnection(connected: boolean): Live {
  const [lostAt, setLostAt] = useState<Date | null>(null);
  useEffect(() => {
    if (connected) return undefined;
    const since = new Date();
    const giveUp = setTimeout(() => setLostAt(since), LOST_AFTER_MILLIS);
    return () => {
      clearTimeout(giveUp);
      setLostAt(null);
    };
  }, [connected]);
  return useMemo(() => {
    if (connected) return { state: "live", lostAt: null };
    return lostAt === null ? { state: "connecting", lostAt } : { state: "lost", lostAt };
  }, [connected, lostAt]);
}

/** tRPC query keys start with the procedure's path: [["sources", "list"], …]. Its router and it. */
function namesOf([path]: readonly unknown[]): string[] {
  return Array.isArray(path) ? [String(path[0]), path.join(".")] : [];
}
