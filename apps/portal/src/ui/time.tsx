"use client";

import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from "react";

interface TimeSettings {
  /** IANA name of the zone every time is shown in. */
  readonly zone: string;
  /** The server's clock when the page was rendered: the first paint in the browser says the same. */
  readonly renderedAt: number;
  /** While set, relative times stand still at this moment: nothing newer is known. */
  readonly frozenAt: number | null;
}

const TimeContext = createContext<TimeSettings>({ zone: "UTC", renderedAt: 0, frozenAt: null });

/** Sets the zone for everything below, and freezes relative times while the live connection is lost. */
export function TimeProvider({
  zone,
  renderedAt,
  frozenAt,
  children,
}: TimeSettings & { readonly children: ReactNode }) {
  const value = useMemo(() => ({ zone, renderedAt, frozenAt }), [zone, renderedAt, frozenAt]);
  return <TimeContext value={value}>{children}</TimeContext>;
}

const listeners = new Set<() => void>();
let tick = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** One timer for all times on the page. */
function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) tick = Date.now();
  listeners.add(listener);
  timer ??= setInterval(() => {
    tick = Date.now();
    for (const notify of listeners) notify();
  }, 1_000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  };
}

/** Milliseconds now, moving once a second; stands still while the page is frozen. */
export function useNow(): number {
  const { renderedAt, frozenAt } = useContext(TimeContext);
  const now = useSyncExternalStore(
    subscribe,
    () => (tick === 0 ? renderedAt : tick),
    () => renderedAt,
  );
  return frozenAt ?? now;
}

export function useTimeZone(): string {
  return useContext(TimeContext).zone;
}
