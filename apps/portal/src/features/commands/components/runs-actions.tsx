"use client";

import type { RunRow } from "@nova/db/read-models";
import { COMMAND_ACTION, commandLine } from "@nova/pipeline-core/orchestration";
import { Ban, RotateCcw, X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { cx } from "@/ui/class-names.ts";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { plural } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import type { Tone } from "@/ui/tone.ts";
import { type AskedOne, useAskMany } from "../use-ask-many.ts";

type What = "cancel-run" | "retry-run";

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

/** What can be done with several runs at once: cancel those that run, retry those that failed or were cancelled. */
export function RunsActions({ runs, onClear, children }: RunsActionsProps) {
  const [open, setOpen] = useState<{ readonly what: What; readonly runs: readonly RunRow[] } | null>(null);
  const cancellable = runs.filter((run) => run.endedAt === null);
  const retryable = runs.filter((run) => run.state === "failed" || run.state === "cancelled");
  const ask = (what: What): void => {
    const those = what === "cancel-run" ? cancellable : retryable;
    if (those.length > 0) setOpen({ what, runs: those });
  };
  function onKey(event: KeyboardEvent): void {
    if (runs.length === 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") onClear();
    else if (event.key === "C") ask("cancel-run");
    else if (event.key === "R") ask("retry-run");
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
          <Button
            size="sm"
            kind="danger"
            disabledReason={cancellable.length === 0 ? "None of them is running." : null}
            onClick={() => ask("cancel-run")}
          >
            <Ban aria-hidden className="size-3.5" />
            Cancel {cancellable.length}
          </Button>
          <Button
            size="sm"
            disabledReason={retryable.length === 0 ? "None of them failed or was cancelled." : null}
            onClick={() => ask("retry-run")}
          >
            <RotateCcw aria-hidden className="size-3.5" />
            Retry {retryable.length}
          </Button>
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
        title={
          open?.what === "cancel-run"
            ? `Cancel ${plural(open.runs.length, "run")}?`
            : `Retry ${plural(open?.runs.length ?? 0, "run")}?`
        }
      >
        {open === null ? null : <AskBody {...open} onClose={() => setOpen(null)} />}
      </Dialog>
    </>
  );
}

function AskBody({ what, runs, onClose }: { what: What; runs: readonly RunRow[]; onClose: () => void }) {
  const requests = runs.map((run) =>
    what === "cancel-run"
      ? { kind: what, target: run.id }
      : { kind: what, target: run.id, scope: "failed" as const, datasets: [] },
  );
  const { asked, busy, send } = useAskMany(requests);
  return (
    <div className="flex flex-col gap-4 text-sm">
      <p>
        {what === "cancel-run"
          ? "What waits will not start; what runs is interrupted and publishes nothing. The cancelled datasets do not start by themselves for 5 minutes."
          : "For each, a new run does again what failed or was cancelled, and the steps that waited for it, on the inputs of now."}
      </p>
      <div
        role="region"
        aria-label="What is asked"
        tabIndex={0}
        className="max-h-[40vh] overflow-auto rounded-md border border-line"
      >
        <ul aria-label="Runs">
          {requests.map((request, index) => {
            const of = asked.find(({ target }) => target === request.target);
            return (
              <li
                key={request.target}
                className="flex flex-col gap-0.5 border-b border-line px-3 py-1.5 last:border-b-0"
              >
                <span className="flex justify-between gap-3">
                  <span className="font-mono text-xs">
                    {runs[index]?.pipeline} {request.target.slice(0, 8)}…{request.target.slice(-4)}
                  </span>
                  {of === undefined ? null : <StatusText {...OUTCOME[of.state]} />}
                </span>
                <span className={cx("text-xs break-all text-fg-muted", of === undefined && "font-mono")}>
                  {of?.message ?? commandLine(request)}
                </span>
              </li>
            );
          })}
        </ul>
      </div>
      <div className="flex items-center justify-end gap-2">
        <span className="mr-auto">
          <CopyButton text={requests.map(commandLine).join("\n")} what="as CLI" />
        </span>
        <Button onClick={onClose}>Close</Button>
        {asked.length > 0 && !busy ? null : (
          <Button kind={what === "cancel-run" ? "danger" : "primary"} busy={busy} onClick={send}>
            {what === "cancel-run" ? "Cancel" : "Retry"} {plural(runs.length, "run")}
          </Button>
        )}
      </div>
    </div>
  );
}

const OUTCOME: Record<AskedOne["state"], { readonly tone: Tone; readonly label: string }> = {
  asking: { tone: "idle", label: "Asking" },
  waiting: { tone: "info", label: "Asked" },
  done: { tone: "ok", label: "Done" },
  refused: { tone: "bad", label: "Not done" },
};
