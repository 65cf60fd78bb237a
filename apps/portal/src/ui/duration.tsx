"use client";

import { formatDuration } from "./format.ts";
import { useNow } from "./time.tsx";

/** How long something took; counts on by itself while `to` is null. */
export function Duration({
  from,
  to,
  absent = "–",
}: {
  readonly from: Date | null;
  readonly to: Date | null;
  readonly absent?: string;
}) {
  if (from === null) return <span className="text-fg-subtle">{absent}</span>;
  if (to === null) return <RunningDuration from={from} />;
  return <span className="num whitespace-nowrap">{formatDuration((to.getTime() - from.getTime()) / 1_000)}</span>;
}

function RunningDuration({ from }: { readonly from: Date }) {
  const now = useNow();
  return (
    <span className="num whitespace-nowrap" suppressHydrationWarning>
      {formatDuration(Math.max(0, Math.round((now - from.getTime()) / 1_000)))}
    </span>
  );
}
