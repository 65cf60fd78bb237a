"use client";

import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "@/trpc/client.tsx";
import { Banner } from "@/ui/banner.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { AskButton } from "./ask-button.tsx";

/** Pipelines that a person paused; with `pipeline` only that one. Nothing while none is. */
export function PausedBanner({ pipeline }: { readonly pipeline?: string }) {
  const trpc = useTRPC();
  const { data = [] } = useQuery(trpc.commands.pauses.queryOptions(undefined, { refetchInterval: 15_000 }));
  const shown = pipeline === undefined ? data : data.filter((pause) => pause.pipeline === pipeline);
  return shown.map((pause) => (
    <Banner key={pause.pipeline} tone="warn" title={`Pipeline ${pause.pipeline} is paused`}>
      <div className="flex flex-wrap items-center gap-3">
        <span>
          Paused by {pause.by} <Timestamp at={pause.at} />; nothing of it starts by itself until somebody resumes it.
        </span>
        <AskButton
          request={{ kind: "resume-pipeline", target: pause.pipeline }}
          label={`Resume ${pause.pipeline}`}
          title={`Resume ${pause.pipeline}?`}
          confirm="Resume"
        >
          <p>Its datasets start again by themselves: first those that would be late first.</p>
        </AskButton>
      </div>
    </Banner>
  ));
}
