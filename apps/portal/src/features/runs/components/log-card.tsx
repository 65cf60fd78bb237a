"use client";

import type { RunDetail } from "@nova/db/read-models";
import { MATRIX } from "@nova/pipeline-core/access";
import { Download } from "lucide-react";
import { useQueryStates } from "nuqs";
import { useMemo } from "react";
import { paths } from "@/features/navigation/index.ts";
import { ROLE_WORDS, useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { buttonClass } from "@/ui/button-class.ts";
import { Card } from "@/ui/card.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { FilterChips } from "@/ui/filter-chips.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { formatCount, plural } from "@/ui/format.ts";
import { SearchInput } from "@/ui/input.tsx";
import { QueryRegion } from "@/ui/query-region.tsx";
import { Select } from "@/ui/select.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { countLevels, filterLog } from "../filter-log.ts";
import type { LogStretch } from "../merge-log.ts";
import { LOG_LEVELS, runSearchParsers } from "../run-search.ts";
import { useRunLog } from "../use-run-log.ts";
import { FirstErrors } from "./first-errors.tsx";
import { LogLines } from "./log-lines.tsx";

const LEVEL_LABEL = { error: "Error", warn: "Warn", info: "Info", debug: "Debug" } as const;

interface LogCardProps {
  readonly run: RunDetail;
  /** Datasets of its steps, to narrow the log by. */
  readonly steps: readonly string[];
}

/** What the run wrote: by step, level and text; live while it runs. */
export function LogCard({ run, steps }: LogCardProps) {
  const allowed = useMay("runs.view-log");
  if (!allowed)
    return (
      <Card title="Log" flush>
        <EmptyState kind="forbidden" title="The log is not open to your role" compact>
          Log lines may quote rows as they are. Ask{" "}
          {listed(MATRIX["runs.view-log"].map((role) => ROLE_WORDS[role].label))}; name this run, they see its log at
          this address.
        </EmptyState>
      </Card>
    );
  return <OpenLog run={run} steps={steps} />;
}

/** "a data engineer, a platform engineer or a data owner" */
function listed(roles: readonly string[]): string {
  const words = roles.map((role) => `a ${role.toLowerCase()}`);
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}

function OpenLog({ run, steps }: LogCardProps) {
  const running = run.endedAt === null;
  const { query, loadEarlier, loadingEarlier } = useRunLog(run.id, running);
  const [search, setSearch] = useQueryStates(runSearchParsers, { history: "replace" });
  const { text, level, step } = search;
  const known = query.data !== undefined;
  const lines = query.data?.lines ?? NO_LINES;
  const shown = useMemo(() => filterLog(lines, { text, levels: level, step }), [lines, text, level, step]);
  const counts = useMemo(() => countLevels(lines, { text, step }), [lines, text, step]);
  const errorsOnly = level.length === 1 && level[0] === "error";
  const filtered = text !== "" || level.length > 0 || step !== null;
  const clear = (): void => void setSearch({ text: null, level: null, step: null });
  return (
    <Card
      title="Log"
      flush
      aside={
        <>
          {query.data === undefined ? null : (
            <span aria-live="polite">
              {filtered ? `${formatCount(shown.length)} of ` : ""}
              {query.data.earlier ? "the newest " : ""}
              {plural(lines.length, "line")}
            </span>
          )}
          <a href={`${paths.run(run.id)}/log`} download className={buttonClass({ size: "sm", kind: "ghost" })}>
            <Download aria-hidden className="size-3.5" />
            Download
          </a>
        </>
      }
    >
      <div className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-2.5">
        <SearchInput
          label="Filter log"
          value={text}
          onChange={(next) => void setSearch({ text: next === "" ? null : next, line: null })}
        />
        <FilterChips
          label="Level"
          chosen={level}
          choices={LOG_LEVELS.map((value) => ({
            value,
            label: LEVEL_LABEL[value],
            ...(known ? { count: counts[value] } : {}),
          }))}
          onChange={(next) => void setSearch({ level: next.length === 0 ? null : next, line: null })}
        />
        <Button
          size="sm"
          kind={errorsOnly ? "primary" : "secondary"}
          aria-pressed={errorsOnly}
          onClick={() => void setSearch({ level: errorsOnly ? null : ["error"], line: null })}
        >
          Errors only
        </Button>
        <Select
          label="Step"
          value={step ?? ""}
          choices={[
            { value: "", label: "Every step" },
            ...[...new Set([...steps, ...(step === null ? [] : [step])])].map((name) => ({ value: name, label: name })),
          ]}
          onChange={(next) => void setSearch({ step: next === "" ? null : next, line: null })}
        />
      </div>
      {errorsOnly ? null : (
        <FirstErrors lines={lines} step={step} onShow={(line) => void setSearch({ line, text: null, level: null })} />
      )}
      <QueryRegion<LogStretch> query={query} what="the log" skeleton={<SkeletonRows rows={12} rowHeight={28} />}>
        {({ earlier }) =>
          shown.length > 0 ? (
            <LogLines
              lines={shown}
              running={running}
              line={search.line}
              onLine={(line) => void setSearch({ line })}
              earlier={earlier}
              onEarlier={() => void loadEarlier()}
              loadingEarlier={loadingEarlier}
            />
          ) : filtered && lines.length > 0 ? (
            <FilteredOut title="No line matches" compact clear="Clear filters" onClear={clear}>
              {describe(
                text,
                level.map((one) => LEVEL_LABEL[one]),
                step,
              )}{" "}
              hides all {plural(lines.length, "line")}.
            </FilteredOut>
          ) : (
            <EmptyState
              kind={running ? "not-started" : "none-yet"}
              title={running ? "Nothing written yet" : "This run wrote no log"}
              compact
            >
              {running
                ? "Lines show up here as the steps write them."
                : "Runs that end before their first step write none."}
            </EmptyState>
          )
        }
      </QueryRegion>
    </Card>
  );
}

const NO_LINES: LogStretch["lines"] = [];

function describe(text: string, levels: readonly string[], step: string | null): string {
  const parts = [
    text === "" ? null : `“${text}”`,
    levels.length === 0 ? null : `level ${levels.join(" or ")}`,
    step === null ? null : `step ${step}`,
  ];
  return parts.filter((part) => part !== null).join(" with ");
}
