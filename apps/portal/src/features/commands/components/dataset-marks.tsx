"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Banner } from "@/ui/banner.tsx";
import { formatId } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";
import { AskButton } from "./ask-button.tsx";
import { PausedBanner } from "./paused-banner.tsx";

/** What people did to the dataset that a reader must know: rolled back, its pipeline paused. */
export function DatasetMarks({ dataset, pipeline }: { readonly dataset: string; readonly pipeline: string }) {
  const trpc = useTRPC();
  const { data: hold = null } = useQuery(
    trpc.commands.hold.queryOptions({ name: dataset }, { refetchInterval: 15_000 }),
  );
  return (
    <>
      {hold === null ? null : (
        <Banner tone="warn" title="Rolled back">
          <div className="flex flex-wrap items-center gap-3">
            <span>
              {hold.by} took it back to the snapshot before{" "}
              <Link href={paths.run(hold.runId)} className="underline">
                run {formatId(hold.runId)}
              </Link>{" "}
              <Timestamp at={hold.at} />. It stays there until it is released or run again.
            </span>
            <AskButton
              request={{ kind: "release-dataset", target: dataset }}
              label="Release"
              title={`Release ${dataset}?`}
              confirm="Release"
            >
              <p>Its next refresh takes in again what the rollback undid, and everything since.</p>
            </AskButton>
          </div>
        </Banner>
      )}
      <PausedBanner pipeline={pipeline} />
    </>
  );
}
