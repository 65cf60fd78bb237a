"use client";

import type { SourceFlow } from "@nova/db/read-models";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { Banner } from "@/ui/banner.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { sourceTrouble } from "../source-trouble.ts";

/** Which source is down, since when, what the worker does and what to do; nothing when all is well. */
export function SourceTroubleBanner({
  source,
  linked = false,
}: {
  readonly source: SourceFlow;
  readonly linked?: boolean;
}) {
  const trouble = sourceTrouble(source);
  if (trouble === null) return null;
  return (
    <Banner
      tone={trouble.tone}
      title={
        <>
          {linked ? (
            <Link href={paths.source(source.id)} className="underline underline-offset-2">
              {trouble.what}
            </Link>
          ) : (
            trouble.what
          )}{" "}
          <Timestamp at={source.stateSince} show="since" />
        </>
      }
    >
      {trouble.message === null ? null : <p className="font-mono text-xs break-words">{trouble.message}</p>}
      <p className="mt-1">{trouble.worker}</p>
      {trouble.remedy === null ? null : (
        <p className="mt-1">
          <strong className="font-semibold">What to do:</strong> {trouble.remedy}
        </p>
      )}
    </Banner>
  );
}
