"use client";

import { useQuery } from "@tanstack/react-query";
import { LayoutList, Play, Square, WandSparkles } from "lucide-react";
import dynamic from "next/dynamic";
import { debounce, useQueryStates } from "nuqs";
import { useRef, useState } from "react";
import { toast } from "sonner";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Duration } from "@/ui/duration.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { formatCount } from "@/ui/format.ts";
import { Kbd } from "@/ui/kbd.tsx";
import { Select } from "@/ui/select.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";
import { ResultPanel } from "./components/result-panel.tsx";
import { SidePanel } from "./components/side-panel.tsx";
import type { EditorHandle } from "./components/sql-editor.tsx";
import { StartProblem } from "./components/start-problem.tsx";
import { formatSql } from "./format-sql.ts";
import { parseQueryId, querySearchParsers, ROW_LIMITS, type RowLimit, sqlForAddress } from "./query-search.ts";
import { useQueryResult } from "./use-query-result.ts";
import { useQueryRun } from "./use-query-run.ts";
import { useQueryableDatasets } from "./use-queryable-datasets.ts";

const SqlEditor = dynamic(async () => (await import("./components/sql-editor.tsx")).SqlEditor, {
  ssr: false,
  loading: () => (
    <div className="p-3">
      <Skeleton height={180} />
    </div>
  ),
});

/** Ask the lakehouse in SQL: editor, datasets, history, result. */
export function QueryPage() {
  const trpc = useTRPC();
  const [search, setSearch] = useQueryStates(querySearchParsers, { history: "replace" });
  const shownId = parseQueryId(search.query);
  const [draft, setDraft] = useState<{ text: string; of: string | null } | null>(null);
  const [drawer, setDrawer] = useState(false);
  const editor = useRef<EditorHandle | null>(null);
  const datasets = useQueryableDatasets();
  const record = useQuery(
    trpc.queries.one.queryOptions(
      { id: shownId ?? "" },
      { enabled: shownId !== null, placeholderData: undefined, refetchOnWindowFocus: false },
    ),
  );
  const result = useQueryResult(shownId);
  const { start, cancel } = useQueryRun((id, sent) => {
    const address = sqlForAddress(sent);
    setDraft(address === null ? { text: sent, of: id } : null);
    void setSearch({ query: id, sql: address });
  });

  // The address holds the text, or names the query whose record does; only what fits neither way is kept here.
  const kept = draft !== null && draft.of === search.query ? draft.text : null;
  const text = kept ?? (search.sql === "" ? (record.data?.sql ?? "") : search.sql);
  const running = (result.status.data?.state === "running" && result.status.error === null) || start.isPending;

  function edit(next: string): void {
    const address = sqlForAddress(next);
    setDraft(address === null ? { text: next, of: search.query } : null);
    void setSearch({ sql: address }, { limitUrlUpdates: debounce(400) });
  }
  function run(): void {
    if (running) return;
    if (text.trim() === "") toast.message("Write a SELECT first, or pick a dataset at the left.");
    else start.mutate({ sql: text, rows: search.limit });
  }
  async function format(): Promise<void> {
    try {
      edit(await formatSql(text));
    } catch {
      // The formatter's words are for its authors; the engine says better what is wrong.
      toast.error("This cannot be laid out", {
        description: "The SQL cannot be read as it stands; run it to see where.",
      });
    }
  }

  const side = (
    <SidePanel
      tab={search.side}
      onTab={(tab) => void setSearch({ side: tab })}
      find={search.find}
      onFind={(find) => void setSearch({ find: find === "" ? null : find })}
      datasets={datasets}
      current={shownId}
      onInsert={(name) => {
        setDrawer(false);
        if (text.trim() === "" && name.includes(".")) edit(`SELECT *\nFROM ${name}\nLIMIT 100`);
        else editor.current?.insert(name);
      }}
      onLoad={(query) => {
        setDrawer(false);
        start.reset();
        setDraft(null);
        void setSearch({ query: query.id, sql: sqlForAddress(query.sql) }, { history: "push" });
      }}
    />
  );

  return (
    <div className="flex min-h-full flex-col md:flex-row">
      <aside
        aria-label="Datasets and history"
        className="sticky top-13 hidden h-[calc(100dvh-52px)] w-72 shrink-0 flex-col border-r border-line bg-surface md:flex xl:w-80"
      >
        {side}
      </aside>
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex flex-wrap items-center gap-2 border-b border-line bg-surface px-4 py-2.5">
          <h1 className="mr-auto text-lg font-semibold">Query</h1>
          <span className="md:hidden">
            <Button onClick={() => setDrawer(true)}>
              <LayoutList aria-hidden className="size-4" />
              Datasets
            </Button>
          </span>
          <Select
            label="Rows at most"
            value={String(search.limit)}
            choices={ROW_LIMITS.map((limit) => ({ value: String(limit), label: `${formatCount(limit)} rows` }))}
            onChange={(limit) => void setSearch({ limit: Number(limit) as RowLimit })}
          />
          <Button
            disabledReason={text.trim() === "" ? "There is nothing to lay out." : null}
            onClick={() => void format()}
          >
            <WandSparkles aria-hidden className="size-3.5" />
            Format
          </Button>
          {running && shownId !== null ? (
            <Button kind="danger" busy={cancel.isPending} onClick={() => cancel.mutate({ id: shownId })}>
              <Square aria-hidden className="size-3.5" />
              Cancel
              <Duration from={result.status.data?.startedAt ?? null} to={null} absent="" />
            </Button>
          ) : (
            <Button kind="primary" busy={start.isPending} onClick={run} aria-keyshortcuts="Meta+Enter Control+Enter">
              <Play aria-hidden className="size-3.5" />
              Run
              <Kbd>⌘↵</Kbd>
            </Button>
          )}
        </header>
        <section
          aria-label="Editor"
          className="h-56 max-h-[70vh] min-h-32 shrink-0 resize-y overflow-hidden border-b border-line bg-surface"
        >
          <SqlEditor
            value={text}
            onChange={edit}
            onRun={run}
            onFormat={() => void format()}
            datasets={datasets.data ?? NO_DATASETS}
            error={result.status.data?.error ?? null}
            handleRef={editor}
          />
        </section>
        <section aria-label="Result" aria-busy={running} className="min-w-0 flex-1 bg-surface">
          <p aria-live="polite" className="sr-only">
            {announcement(result.status.data?.state, result.status.data?.rows ?? 0)}
          </p>
          {start.error !== null ? (
            <StartProblem error={start.error} onRunAgain={run} />
          ) : shownId === null ? (
            <EmptyState kind="not-started" title="Nothing asked yet">
              Write one SELECT over names like <code className="font-mono">curated.orders</code>, in DuckDB&apos;s SQL,
              and run it with <Kbd>⌘↵</Kbd>. A click on a dataset at the left puts its name in.
            </EmptyState>
          ) : (
            <ResultPanel
              result={result}
              record={record.data ?? null}
              datasets={datasets.data ?? NO_DATASETS}
              rowLimit={search.limit}
              onRunAgain={run}
            />
          )}
        </section>
      </div>
      <Dialog open={drawer} onOpenChange={setDrawer} title="Datasets and history" place="side" size="sm">
        <div className="-m-5 flex min-h-96 flex-col">{side}</div>
      </Dialog>
    </div>
  );
}

const NO_DATASETS: NonNullable<ReturnType<typeof useQueryableDatasets>["data"]> = [];

function announcement(state: string | undefined, rows: number): string {
  if (state === undefined) return "";
  return state === "running" ? "The query runs." : `The query ${state}, ${formatCount(rows)} rows.`;
}
