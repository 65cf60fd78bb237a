"use client";

import type { OpenBreaker } from "@nova/pipeline-core/connectors";
import { Banner } from "@/ui/banner.tsx";
import { StatusText } from "@/ui/status-pill.tsx";
import { useNow } from "@/ui/time.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { BREAKER_STATE_WORDS, breakerStory, worstBreaker } from "../breaker-words.ts";
import { SourceTitle } from "./source-title.tsx";

interface BreakerProps {
  readonly breaker: OpenBreaker;
}

/** A circuit breaker that is not closed: what stands still, since when, why, and when it is tried again. */
export function BreakerBanner({ breaker, linked = false }: BreakerProps & { readonly linked?: boolean }) {
  const story = breakerStory(breaker);
  return (
    <Banner
      tone="warn"
      title={
        <>
          <SourceTitle source={breaker.source} text={story.what} linked={linked} />{" "}
          <Timestamp at={breaker.since} show="since" />
        </>
      }
    >
      {story.message === null ? null : <p className="font-mono text-xs break-words">{story.message}</p>}
      <p className="mt-1">
        {story.why} {story.meanwhile}
      </p>
      <p className="mt-1">
        <strong className="font-semibold">Next try:</strong> <NextTry breaker={breaker} />
      </p>
      {story.remedy === null ? null : (
        <p className="mt-1">
          <strong className="font-semibold">What to do:</strong> {story.remedy}
        </p>
      )}
    </Banner>
  );
}

/** The same in a line, where the rest is told already. */
export function BreakerLine({ breaker }: BreakerProps) {
  return (
    <p className="mt-1">
      Circuit breaker open <Timestamp at={breaker.since} show="since" />. {breakerStory(breaker).why}{" "}
      <strong className="font-semibold">Next try:</strong> <NextTry breaker={breaker} />
    </p>
  );
}

/** In a list of sources: that one is open, and when it is tried; nothing while all are closed. */
export function BreakerMark({ breakers }: { readonly breakers: readonly OpenBreaker[] }) {
  const breaker = worstBreaker(breakers);
  if (breaker === null) return null;
  const { tone, label } = BREAKER_STATE_WORDS[breaker.state];
  return (
    <span className="inline-flex flex-wrap items-center gap-x-1.5 text-xs">
      <StatusText tone={tone} label={`Breaker: ${label.toLowerCase()}`} />
      {breaker.state === "half-open" ? null : (
        <span className="relative whitespace-nowrap text-fg-muted">
          next try <NextTry breaker={breaker} />
        </span>
      )}
    </span>
  );
}

/** When somebody tries again, after the words "next try". A wait that is over ends with the next thing there is to try. */
export function NextTry({ breaker: { part, state, until } }: BreakerProps) {
  const now = useNow();
  if (state === "half-open") return "under way";
  if (until === null || until.getTime() <= now) return part === "load" ? "with the next rows" : "at once";
  return <Timestamp at={until} />;
}
