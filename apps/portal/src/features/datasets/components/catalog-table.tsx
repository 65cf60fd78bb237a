"use client";

import { createColumnHelper } from "@tanstack/react-table";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { FreshnessText, HealthPill, HealthReason } from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";
import { DataTable } from "@/ui/data-table.tsx";
import { formatCompact, formatCount } from "@/ui/format.ts";
import { Badge } from "@/ui/status-pill.tsx";
import { LAYER_LABEL, LAYER_TONE, PII_LABEL } from "../dataset-words.ts";
import { explainMatch, type MatchReason } from "../explain-match.ts";
import type { JudgedRow } from "../narrow-catalog.ts";
import { Marked } from "./marked.tsx";

/** Rows drawn at first and added each time the end comes near: 170 rows scroll as smoothly as 17. */
const STEP = 20;

const column = createColumnHelper<JudgedRow>();

function columnsFor(words: readonly string[]) {
  return [
    column.accessor("name", { header: "Dataset", cell: ({ row }) => <DatasetCell row={row.original} words={words} /> }),
    column.display({
      id: "health",
      header: "Health and freshness",
      meta: { wideOnly: true },
      cell: ({ row: { original: row } }) => (
        <div className="w-68">
          <p className="flex min-w-0 items-center gap-2">
            <HealthPill facts={row} />
            {row.judged.verdict === "failing" || row.judged.verdict === "warning" ? (
              <span className="num truncate text-xs text-fg-muted">
                <HealthReason facts={row} />
              </span>
            ) : null}
          </p>
          <p className="mt-0.5">
            <FreshnessText facts={row} />
          </p>
        </div>
      ),
    }),
    column.accessor("owner", {
      header: "Owner",
      meta: { wideOnly: true },
      cell: ({ getValue }) => (
        <span className="whitespace-nowrap">
          <Marked text={getValue()} words={words} />
        </span>
      ),
    }),
    column.accessor("rowCount", {
      header: "Rows",
      meta: { align: "right", wideOnly: true },
      cell: ({ getValue }) => {
        const rows = getValue();
        return rows === null ? (
          <span className="text-fg-subtle">–</span>
        ) : (
          <span title={formatCount(rows)}>{formatCompact(rows)}</span>
        );
      },
    }),
    column.accessor("columns", {
      header: "Columns",
      meta: { align: "right", wideOnly: true },
      cell: ({ getValue }) => formatCount(getValue()),
    }),
  ];
}

function DatasetCell({ row, words }: { readonly row: JudgedRow; readonly words: readonly string[] }) {
  const reasons = explainMatch(row, words);
  return (
    <div className="min-w-0 max-w-[calc(100vw-64px)] py-0.5 md:w-64 md:max-w-none lg:w-auto lg:max-w-84">
      <p className="flex min-w-0 items-center gap-2">
        <Link
          href={paths.dataset(row.name)}
          prefetch={false}
          className="truncate font-mono text-xs font-medium hover:underline"
        >
          <Marked text={row.name} words={words} />
        </Link>
        <Badge tone={LAYER_TONE[row.layer]}>{LAYER_LABEL[row.layer]}</Badge>
        {row.pii === "none" ? null : <Badge tone={row.pii === "direct" ? "warn" : "idle"}>{PII_LABEL[row.pii]}</Badge>}
      </p>
      <p className="mt-0.5 truncate text-xs text-fg-muted" title={row.description}>
        {reasons.length > 0 ? (
          <MatchReasons reasons={reasons} words={words} />
        ) : (
          <Marked text={row.description} words={words} />
        )}
      </p>
      <div className="mt-1 flex flex-wrap items-center gap-2 md:hidden">
        <HealthPill facts={row} />
        <FreshnessText facts={row} words="age" />
      </div>
    </div>
  );
}

/** Why a row is here when its name and description do not show it. */
function MatchReasons({
  reasons,
  words,
}: {
  readonly reasons: readonly MatchReason[];
  readonly words: readonly string[];
}) {
  return (
    <>
      {reasons.map((reason, index) => (
        <span key={reason.where}>
          {index === 0 ? "matches " : ", "}
          {reason.where === "column" ? (
            <ColumnReason reason={reason} words={words} />
          ) : (
            <>
              {reason.where} <Marked text={reason.text} words={words} />
            </>
          )}
        </span>
      ))}
    </>
  );
}

function ColumnReason({
  reason,
  words,
}: {
  readonly reason: Extract<MatchReason, { where: "column" }>;
  readonly words: readonly string[];
}) {
  return (
    <>
      {reason.columns.length === 1 ? "column " : "columns "}
      {reason.columns.map((one, index) => (
        <span key={one.name}>
          {index === 0 ? "" : ", "}
          <code className="font-mono text-2xs text-fg">
            <Marked text={one.name} words={words} />
          </code>
          {words.some((word) => one.name.includes(word)) ? null : (
            <>
              {" "}
              (<Marked text={one.description || `PII ${one.pii}`} words={words} />)
            </>
          )}
        </span>
      ))}
      {reason.more > 0 ? ` and ${reason.more} more` : ""}
    </>
  );
}

interface CatalogTableProps {
  readonly rows: readonly JudgedRow[];
  readonly words: readonly string[];
  readonly empty: ReactNode;
  readonly dimmed: boolean;
}

export function CatalogTable({ rows, words, empty, dimmed }: CatalogTableProps) {
  const router = useRouter();
  const columns = useMemo(() => columnsFor(words), [words]);
  const [limit, setLimit] = useState(STEP);
  const end = useRef<HTMLDivElement>(null);
  const more = rows.length > limit;
  useEffect(() => {
    const mark = end.current;
    if (mark === null || !more) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setLimit((now) => now + STEP);
      },
      { rootMargin: "800px" },
    );
    observer.observe(mark);
    return () => observer.disconnect();
  }, [more, limit]);
  return (
    <>
      <DataTable
        label="Datasets"
        rows={rows.slice(0, limit)}
        columns={columns}
        rowKey={(row) => row.name}
        onOpen={(row) => router.push(paths.dataset(row.name))}
        empty={empty}
        dimmed={dimmed}
      />
      <div ref={end} aria-hidden />
    </>
  );
}
