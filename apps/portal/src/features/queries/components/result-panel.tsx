"use client";

import type { QueryStatus } from "@nova/pipeline-core/access";
import type { PastQuery, QueryableDataset } from "@nova/db/read-models";
import { POLICY } from "@nova/pipeline-core/kernel";
import { Download } from "lucide-react";
import { useMemo, useState } from "react";
import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatBytes, formatDuration, plural } from "@/ui/format.ts";
import { Skeleton } from "@/ui/skeleton.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { saveCsv } from "../download-csv.ts";
import { maskedByDataset, type MaskedDataset } from "../masked-columns.ts";
import type { useQueryResult } from "../use-query-result.ts";
import { ResultGrid } from "./result-grid.tsx";

interface ResultPanelProps {
  readonly result: ReturnType<typeof useQueryResult>;
  /** The query as it stands on record; null while that is not known. */
  readonly record: PastQuery | null;
  readonly datasets: readonly QueryableDataset[];
  readonly rowLimit: number;
  readonly onRunAgain: () => void;
}

/** What came out of a query: rows, a refusal with its remedy, or why there is nothing. */
export function ResultPanel({ result, record, datasets, rowLimit, onRunAgain }: ResultPanelProps) {
  const { status, pages, rows } = result;
  const masked = useMemo(() => maskedByDataset(status.data?.masked ?? [], datasets), [status.data?.masked, datasets]);
  // What ran when the worker last answered may have ended with it.
  if (status.error !== null && status.data?.state !== "succeeded")
    return <NoResult error={status.error} record={record} onRunAgain={onRunAgain} />;
  if (status.data === undefined) return <Waiting />;
  const { state, columns, error } = status.data;
  return (
    <>
      {error === null ? null : (
        <div className="p-4">
          <Banner tone="bad" title={error.remedy}>
            <p className="break-words whitespace-pre-wrap">
              {error.message}
              {error.at === null ? null : (
                <span className="text-fg-muted">
                  {" "}
                  (line {error.at.line}, column {error.at.column})
                </span>
              )}
            </p>
          </Banner>
        </div>
      )}
      {state === "cancelled" ? (
        <EmptyState
          kind="none-yet"
          title="Cancelled"
          compact
          action={
            <Button size="sm" onClick={onRunAgain}>
              Run again
            </Button>
          }
        >
          {rows.length === 0 ? "It was stopped before the first row." : "It was stopped; these rows came before that."}
        </EmptyState>
      ) : null}
      {columns !== null && (rows.length > 0 || state === "succeeded") ? (
        rows.length === 0 && status.data.rows > 0 ? (
          <Waiting />
        ) : (
          <>
            <ResultGrid key={status.data.id} columns={columns} rows={rows} masked={masked} />
            {rows.length === 0 && state === "succeeded" ? (
              <EmptyState kind="none-yet" title="No row" compact>
                The query ran; nothing fits it.
              </EmptyState>
            ) : null}
          </>
        )
      ) : state === "running" ? (
        <Waiting />
      ) : null}
      {pages.isError ? (
        <p
          role="alert"
          className="flex items-center gap-3 border-t border-line bg-warn-soft px-4 py-1.5 text-xs text-warn"
        >
          The rest of the rows could not be read.
          <Button size="sm" kind="ghost" onClick={() => void pages.refetch()}>
            Try again
          </Button>
        </p>
      ) : null}
      <Footer status={status.data} masked={masked} rowLimit={rowLimit} />
    </>
  );
}

function Waiting() {
  return (
    <div role="status" aria-label="Waiting for rows" className="flex flex-col gap-2 p-4">
      {Array.from({ length: 6 }, (_, index) => (
        <Skeleton key={index} height={20} width={`${96 - index * 9}%`} />
      ))}
    </div>
  );
}

interface FooterProps {
  readonly status: QueryStatus;
  readonly masked: readonly MaskedDataset[];
  readonly rowLimit: number;
}

function Footer({ status, masked, rowLimit }: FooterProps) {
  const [saving, setSaving] = useState(false);
  const { state, columns, truncated, startedAt, endedAt } = status;
  if (columns === null) return null;
  const parts = [
    plural(status.rows, "row"),
    truncated === "rows" ? `limited to ${plural(rowLimit < status.rows ? status.rows : rowLimit, "row")}` : null,
    truncated === "bytes" ? `limited to ${formatBytes(status.bytes)}` : null,
    formatBytes(status.bytes),
    endedAt === null ? null : formatDuration((endedAt.getTime() - startedAt.getTime()) / 1_000),
  ].filter((part) => part !== null);
  return (
    <footer className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 border-t border-line px-4 py-2 text-xs text-fg-muted">
      <p className="num">
        {parts.map((part, index) => (
          <span key={part}>
            {index === 0 ? null : " · "}
            <span className={part.startsWith("limited") ? "font-medium text-warn" : undefined}>{part}</span>
          </span>
        ))}
      </p>
      <Button
        size="sm"
        busy={saving}
        disabledReason={state === "running" ? "The query still runs." : null}
        onClick={() => {
          setSaving(true);
          void saveCsv(status.id).finally(() => setSaving(false));
        }}
      >
        <Download aria-hidden className="size-3.5" />
        CSV
      </Button>
      {masked.length === 0 ? null : <MaskedNote masked={masked} />}
    </footer>
  );
}

function MaskedNote({ masked }: { readonly masked: readonly MaskedDataset[] }) {
  const count = masked.reduce((sum, one) => sum + one.columns.length, 0);
  return (
    <details className="basis-full">
      <summary className="inline-block min-h-6 cursor-pointer rounded-sm leading-6 text-warn hover:underline">
        {plural(count, "personal column")} masked for you
      </summary>
      <ul className="mt-1 space-y-1 pb-1">
        {masked.map(({ dataset, owner, columns }) => (
          <li key={dataset}>
            <span className="font-mono">{dataset}</span>
            {owner === null ? "" : `, owned by ${owner}`}:{" "}
            <span className="font-mono">{columns.map((column) => column.name).join(", ")}</span>
          </li>
        ))}
        <li>You have no grant for these columns. Their owners can give one, for a time and a purpose.</li>
      </ul>
    </details>
  );
}

interface NoResultProps {
  readonly error: unknown;
  readonly record: PastQuery | null;
  readonly onRunAgain: () => void;
}

/** The worker no longer has, or cannot give, the result; what is on record is shown instead. */
function NoResult({ error, record, onRunAgain }: NoResultProps) {
  const again = (
    <Button size="sm" onClick={onRunAgain}>
      Run again
    </Button>
  );
  if (record !== null && record.errorKind !== null)
    return (
      <div className="p-4">
        <Banner tone="bad" title={POLICY[record.errorKind].remedy}>
          <p className="break-words whitespace-pre-wrap">{record.errorMessage}</p>
        </Banner>
      </div>
    );
  if (record !== null && codeOf(error) === "NOT_FOUND")
    return (
      <EmptyState kind="none-yet" title="The result is no longer kept" action={again}>
        {record.rows === null ? "It" : plural(record.rows, "row")} came <Timestamp at={record.startedAt} />; results are
        let go some minutes after their query. The text is in the editor.
      </EmptyState>
    );
  if (record === null && codeOf(error) === "NOT_FOUND")
    return (
      <EmptyState kind="broken" title="There is no such query among yours">
        Queries are seen by who ran them. Ask for the SQL text instead of the link.
      </EmptyState>
    );
  return (
    <EmptyState kind="broken" title="The result cannot be read now" action={again}>
      {error instanceof Error ? error.message : "The worker does not answer."} The query is on record; run it again when
      the worker is back.
    </EmptyState>
  );
}

function codeOf(error: unknown): string {
  const data: unknown = typeof error === "object" && error !== null && "data" in error ? error.data : null;
  return typeof data === "object" && data !== null && "code" in data ? String(data.code) : "";
}
