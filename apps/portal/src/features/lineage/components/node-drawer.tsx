"use client";

import type { LineageDatasetRow } from "@nova/db/read-models";
import Link from "next/link";
import { FreshnessText, HealthPill } from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { buttonClass } from "@/ui/button-class.ts";
import { Fact, Facts } from "@/ui/facts.tsx";
import { formatCount, formatKnown } from "@/ui/format.ts";
import { SidePanel } from "@/ui/side-panel.tsx";
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
    <SidePanel name={name} above={layerWord(name)} onClose={onClose}>
      {dataset === null ? null : (
        <Facts>
          <Fact name="Health">
            <HealthPill facts={dataset} />
          </Fact>
          <Fact name="Freshness">
            <FreshnessText facts={dataset} words="age" />
          </Fact>
          <Fact name="Owner">{dataset.owner}</Fact>
          <Fact name="Rows">{formatKnown(dataset.rowCount, formatCount)}</Fact>
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
    </SidePanel>
  );
}
