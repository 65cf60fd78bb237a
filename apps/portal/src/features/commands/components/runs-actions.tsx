"use client";

import type { RunRow } from "@nova/db/read-models";
import { COMMAND_ACTION } from "@nova/pipeline-core/orchestration";
import { X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { plural } from "@/ui/format.ts";
import { RunsAsk } from "./runs-ask.tsx";
import { RUNS_DEEDS, type RunsDeed } from "./runs-deeds.ts";

const DEEDS = ["cancel", "retry", "done", "failed"] as const satisfies readonly RunsDeed[];

/** Whether this person may do anything with runs at all. */
export function useSteersRuns(): boolean {
  const cancels = useMay(COMMAND_ACTION["cancel-run"]);
  const retries = useMay(COMMAND_ACTION["retry-run"]);
  return cancels && retries;
}

interface RunsActionsProps {
  /** Those chosen. */
  readonly runs: readonly RunRow[];
  readonly onClear: () => void;
  /** The list they are chosen from. */
  readonly children: ReactNode;
}

/** What can be done with several runs at once: cancel those that run, retry those that failed or were cancelled, mark steps of either. */
export function RunsActions({ runs, onClear, children }: RunsActionsProps) {
  const [open, setOpen] = useState<{ readonly what: RunsDeed; readonly runs: readonly RunRow[] } | null>(null);
  const ask = (what: RunsDeed): void => {
    const those = runs.filter(RUNS_DEEDS[what].fits);
    if (those.length > 0) setOpen({ what, runs: those });
  };
  function onKey(event: KeyboardEvent): void {
    if (runs.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") onClear();
    else for (const what of DEEDS) if (event.key === RUNS_DEEDS[what].key) ask(what);
  }
  return (
    <>
      {runs.length === 0 ? null : (
        <div
          role="toolbar"
          aria-label="Selected runs"
          className="flex flex-wrap items-center gap-2 border-b border-line bg-sunken px-4 py-2 text-sm"
        >
          <span role="status" className="num mr-auto">
            {plural(runs.length, "run")} selected
          </span>
          {DEEDS.map((what) => {
            const { verb, icon: Icon, danger, fits, none } = RUNS_DEEDS[what];
            const count = runs.filter(fits).length;
            return (
              <Button
                key={what}
                size="sm"
                kind={danger ? "danger" : "secondary"}
                disabledReason={count === 0 ? none : null}
                onClick={() => ask(what)}
              >
                <Icon aria-hidden className="size-3.5" />
                {verb} {count}
              </Button>
            );
          })}
          <Button size="sm" kind="ghost" onClick={onClear}>
            <X aria-hidden className="size-3.5" />
            Select nothing
          </Button>
        </div>
      )}
      {/* oxlint-disable-next-line jsx-a11y/no-static-element-interactions -- keys of the rows inside; each has a button too */}
      <div onKeyDown={onKey}>{children}</div>
      <Dialog
        open={open !== null}
        onOpenChange={() => setOpen(null)}
        title={open === null ? "" : `${RUNS_DEEDS[open.what].verb} ${plural(open.runs.length, "run")}?`}
      >
        {open === null ? null : <RunsAsk {...open} onClose={() => setOpen(null)} />}
      </Dialog>
    </>
  );
}
