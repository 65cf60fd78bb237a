"use client";

import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { Fragment } from "react";
import { FreshnessText } from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { SOURCE_STATE_WORDS } from "@/features/sources/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Banner } from "@/ui/banner.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import type { LateRoot } from "../explain-late.ts";

/** Why a dataset is late: where the lateness begins and how it gets here. Nothing while it is fresh. */
export function LateCard({ dataset }: { readonly dataset: string }) {
  const trpc = useTRPC();
  const late = useQuery(trpc.lineage.late.queryOptions({ name: dataset }, { refetchInterval: 15_000 }));
  if (late.data === undefined || late.data === null) return null;
  const { because, roots } = late.data;
  return (
    <Banner
      tone="warn"
      title={because === "own" ? "The delay begins here" : `The delay begins upstream, at ${names(roots)}`}
    >
      <ul className="flex flex-col gap-2">
        {roots.map((root) => (
          <li key={root.name}>
            <Root root={root} own={because === "own"} />
          </li>
        ))}
      </ul>
    </Banner>
  );
}

function names(roots: readonly LateRoot[]): string {
  const shown = roots.slice(0, 2).map((root) => root.name);
  return `${shown.join(" and ")}${roots.length > 2 ? ` and ${roots.length - 2} more` : ""}`;
}

function Root({ root, own }: { readonly root: LateRoot; readonly own: boolean }) {
  return (
    <>
      <p className="flex flex-wrap items-center gap-x-2">
        <DatasetLink name={root.name} />
        <FreshnessText facts={{ ...root, failingChecks: 0, warningChecks: 0 }} />
        {root.lastGoodRun === null ? null : (
          <span className="text-xs text-fg-muted">
            last good run <Timestamp at={root.lastGoodRun} />
          </span>
        )}
      </p>
      <p className="text-xs">
        {root.source === null ? (
          own ? (
            "Everything it reads is within its target lag: look at its runs."
          ) : (
            "Everything it reads is within its target lag."
          )
        ) : (
          <>
            Its source{" "}
            <Link href={paths.source(root.source.id)} className="text-accent-text underline">
              {SOURCE_LABEL[root.source.id]}
            </Link>{" "}
            is {SOURCE_STATE_WORDS[root.source.state].label.toLowerCase()} since <Timestamp at={root.source.since} />.{" "}
            {root.source.remedy}
          </>
        )}
      </p>
      {root.path.length < 2 ? null : (
        <p className="text-xs text-fg-muted">
          {root.path.map((name, index) => (
            <Fragment key={name}>
              {index === 0 ? "" : " → "}
              <DatasetLink name={name} />
            </Fragment>
          ))}
        </p>
      )}
    </>
  );
}

function DatasetLink({ name }: { readonly name: string }) {
  return (
    <Link href={paths.dataset(name)} prefetch={false} className="font-mono text-xs hover:underline">
      {name}
    </Link>
  );
}
