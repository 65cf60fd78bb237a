"use client";

import type { SourceFlow } from "@nova/db/read-models";
import { Banner } from "@/ui/banner.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { sourceTrouble } from "../source-trouble.ts";
import { BreakerBanner, BreakerLine } from "./breaker-banner.tsx";
import { SourceTitle } from "./source-title.tsx";

/** Which source is down, or what of it is left alone, since when, what the worker does and what to do; nothing when all is well. */
export function SourceTroubleBanner({
  source,
  linked = false,
}: {
  readonly source: SourceFlow;
  readonly linked?: boolean;
}) {
  const trouble = sourceTrouble(source);
  // Not being read is one story, told once.
  const told = trouble === null ? null : (source.breakers.find(({ part }) => part === "capture") ?? null);
  return (
    <>
      {trouble === null ? null : (
        <Banner
          tone={trouble.tone}
          title={
            <>
              <SourceTitle source={source.id} text={trouble.what} linked={linked} />{" "}
              <Timestamp at={source.stateSince} show="since" />
            </>
          }
        >
          {trouble.message === null ? null : <p className="font-mono text-xs break-words">{trouble.message}</p>}
          <p className="mt-1">{trouble.worker}</p>
          {told === null ? null : <BreakerLine breaker={told} />}
          {trouble.remedy === null ? null : (
            <p className="mt-1">
              <strong className="font-semibold">What to do:</strong> {trouble.remedy}
            </p>
          )}
        </Banner>
      )}
      {source.breakers
        .filter((breaker) => breaker !== told)
        .map((breaker) => (
          <BreakerBanner key={breaker.part} breaker={breaker} linked={linked} />
        ))}
    </>
  );
}
