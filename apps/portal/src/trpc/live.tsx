"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { EVENT_TOPICS, type EventTopic } from "@nova/pipeline-core/kernel";
import { useTRPC } from "./client.tsx";

/** Routers whose queries show something of a topic. A new router adds its name here to be live. */
const ROUTERS_OF_TOPIC: Record<EventTopic, readonly string[]> = {
  source: ["home", "sources"],
  dataset: ["home", "datasets", "lineage"],
  run: ["home", "runs", "datasets"],
  check: ["home", "datasets"],
  query: ["home", "queries"],
  quarantine: ["home", "sources"],
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
  const dirty = useRef(new Set<string>());
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  function markDirty(routers: readonly string[]): void {
    for (const name of routers) dirty.current.add(name);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      const names = new Set(dirty.current);
      dirty.current.clear();
      void queryClient.invalidateQueries({ predicate: (query) => names.has(routerOf(query.queryKey)) });
    }, REFETCH_MILLIS);
  }

  const subscription = useSubscription(
    trpc.live.events.subscriptionOptions(undefined, {
      onData({ data }) {
        if (data === "resync") markDirty(EVENT_TOPICS.flatMap((topic) => ROUTERS_OF_TOPIC[topic]));
        else markDirty(ROUTERS_OF_TOPIC[data.topic]);
      },
    }),
  );
  const value = useConnection(subscription.status === "pending");
  useEffect(() => () => clearTimeout(timer.current), []);
  return <LiveContext value={value}>{children}</LiveContext>;
}

/** The stream reconnects by itself every few minutes; only a gap longer than this is worth telling. */
const LOST_AFTER_MILLIS = 4_000;

function useConnection(connected: boolean): Live {
  const [live, setLive] = useState<Live>({ state: "connecting", lostAt: null });
  useEffect(() => {
    if (connected) {
      setLive({ state: "live", lostAt: null });
      return undefined;
    }
    const since = new Date();
    const giveUp = setTimeout(() => setLive({ state: "lost", lostAt: since }), LOST_AFTER_MILLIS);
    return () => clearTimeout(giveUp);
  }, [connected]);
  return live;
}

/** tRPC query keys start with the procedure's path: [["sources", "list"], …]. */
function routerOf(key: readonly unknown[]): string {
  const path = key[0];
  return Array.isArray(path) ? String(path[0]) : "";
}
