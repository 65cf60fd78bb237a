"use client";

import type { LineageDatasetRow } from "@nova/db/read-models";
import { X } from "lucide-react";
import Link from "next/link";
import { FreshnessText, HealthPill } from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { buttonClass } from "@/ui/button-class.ts";
import { IconButton } from "@/ui/button.tsx";
import { Fact, Facts } from "@/ui/facts.tsx";
import { formatCount } from "@/ui/format.ts";
import type { PathEdge } from "../column-path.ts";
import { EDGE_KIND_WORDS, layerWord } from "../lineage-words.ts";

interface NodeDrawerProps {
  readonly name: string;
  /** Null for a source or a stream. */
  readonly dataset: LineageDatasetRow | null;
  /** Edges of the column path that end here; empty in the table graph. */
  readonly made: readonly PathEdge[];
  readonly onClose: () => void;
}

/** What is known of the selected node, and where to go from it. */
export function NodeDrawer({ name, dataset, made, onClose }: NodeDrawerProps) {
  const [source = "", stream] = name.split("/");
  return (
    <aside
      aria-label={`Selected: ${name}`}
      className="flex min-w-0 flex-col gap-4 border-t border-line bg-surface p-4 lg:w-80 lg:shrink-0 lg:border-t-0 lg:border-l"
    >
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <p className="text-2xs text-fg-muted">{layerWord(name)}</p>
          <p className="font-mono text-xs font-medium break-all">{name}</p>
        </div>
        <IconButton size="sm" label="Close" icon={<X aria-hidden />} onClick={onClose} />
      </div>
      {dataset === null ? null : (
        <Facts>
          <Fact name="Health">
            <HealthPill facts={dataset} />
          </Fact>
          <Fact name="Freshness">
            <FreshnessText facts={dataset} words="age" />
          </Fact>
          <Fact name="Owner">{dataset.owner}</Fact>
          <Fact name="Rows">{dataset.rowCount === null ? "–" : formatCount(dataset.rowCount)}</Fact>
          <Fact name="Columns">{formatCount(dataset.columns)}</Fact>
        </Facts>
      )}
      {made.length === 0 ? null : (
        <div>
          <h3 className="mb-1 text-xs font-medium text-fg-muted">Made here</h3>
          <ul className="flex flex-col gap-2">
            {made.map((edge) => (
              <li key={`${edge.fromDataset}.${edge.fromColumn}.${edge.toColumn}.${edge.kind}`} className="text-xs">
                <span className="font-mono font-medium">{edge.toColumn}</span>{" "}
                <span className="text-fg-muted">{EDGE_KIND_WORDS[edge.kind].label.toLowerCase()} from</span>{" "}
                <span className="font-mono break-all">
                  {edge.fromDataset}.{edge.fromColumn}
                </span>
                {edge.expression === "" ? null : (
                  <code className="mt-0.5 block rounded-sm bg-sunken px-1.5 py-1 font-mono text-2xs break-words whitespace-pre-wrap">
                    {edge.expression}
                  </code>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
      <div className="flex flex-wrap gap-2">
        {dataset === null ? (
          <Link
            href={stream === undefined ? paths.source(source) : paths.stream(source, stream)}
            className={buttonClass({ size: "sm" })}
          >
            {stream === undefined ? "Open source" : "Open stream"}
          </Link>
        ) : (
          <>
            <Link href={paths.dataset(name)} className={buttonClass({ size: "sm" })}>
              Open dataset
            </Link>
            <Link href={paths.lineage(name)} className={buttonClass({ size: "sm" })}>
              Its lineage
            </Link>
          </>
        )}
      </div>
    </aside>
  );
}
