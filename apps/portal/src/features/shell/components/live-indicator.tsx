"use client";

import { Radio, Unplug } from "lucide-react";
import { useLive } from "@/trpc/live.tsx";
import { cx } from "@/ui/class-names.ts";
import { formatClock } from "@/ui/timestamp.tsx";
import { useTimeZone } from "@/ui/time.tsx";
import { Tooltip } from "@/ui/tooltip.tsx";

/** Says whether the page follows what happens. When it does not, times stand still at the moment of loss. */
export function LiveIndicator() {
  const { state, lostAt } = useLive();
  const zone = useTimeZone();
  const lost = state === "lost";
  const word = lost ? "Frozen" : state === "live" ? "Live" : "Connecting";
  const explanation = lost
    ? `The connection was lost at ${lostAt === null ? "" : formatClock(lostAt, zone)}. What you see is from then; it is tried again by itself.`
    : state === "live"
      ? "The page follows what happens on the platform."
      : "Connecting to the platform.";
  const Icon = lost ? Unplug : Radio;
  return (
    <Tooltip content={explanation} side="bottom">
      <button
        type="button"
        className={cx(
          "flex h-7 items-center gap-1.5 rounded-full px-2.5 text-xs font-medium",
          lost ? "bg-warn-soft text-warn" : state === "live" ? "text-ok" : "text-fg-subtle",
        )}
      >
        <Icon aria-hidden className="size-3.5" />
        <span className={lost ? undefined : "sr-only sm:not-sr-only"}>{word}</span>
        <span className="sr-only">. {explanation}</span>
        <span role="status" className="sr-only">
          {lost ? "Live connection lost" : ""}
        </span>
      </button>
    </Tooltip>
  );
}
