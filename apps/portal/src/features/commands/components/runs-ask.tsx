"use client";

import type { RunRow } from "@nova/db/read-models";
import { commandLine, commandRequestSchema } from "@nova/pipeline-core/orchestration";
import { useState } from "react";
import { Button } from "@/ui/button.tsx";
import { cx } from "@/ui/class-names.ts";
import { CopyButton } from "@/ui/copy-button.tsx";
import { formatId, plural } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import type { TonedWord } from "@/ui/tone.ts";
import { type AskedOne, useAskMany } from "../use-ask-many.ts";
import { MARK_HINT } from "./mark-words.ts";
import { ReasonField } from "./reason-field.tsx";
import { RUNS_DEEDS, type RunsDeed } from "./runs-deeds.ts";

interface RunsAskProps {
  readonly what: RunsDeed;
  readonly runs: readonly RunRow[];
  readonly onClose: () => void;
}

/** Says what will happen to each of several runs, asks for it, and tells what became of each. */
export function RunsAsk({ what, runs, onClose }: RunsAskProps) {
  const { verb, danger, means, request: requestOf } = RUNS_DEEDS[what];
  const [reason, setReason] = useState("");
  const requests = runs.map((run) => requestOf(run, reason.trim()));
  const explained = requests.every((request) => commandRequestSchema.safeParse(request).success);
  const { asked, busy, send } = useAskMany(requests);
  return (
    <div className="flex flex-col gap-4 text-sm">
      <p>{means}</p>
      {what === "done" || what === "failed" ? (
        <ReasonField value={reason} onChange={setReason} hint={MARK_HINT} />
      ) : null}
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
                    {runs[index]?.pipeline} {formatId(request.target)}
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
          <Button
            kind={danger ? "danger" : "primary"}
            busy={busy}
            disabledReason={explained ? null : "Say why first."}
            onClick={send}
          >
            {verb} {plural(runs.length, "run")}
          </Button>
        )}
      </div>
    </div>
  );
}

const OUTCOME: Record<AskedOne["state"], TonedWord> = {
  asking: { tone: "idle", label: "Asking" },
  waiting: { tone: "info", label: "Asked" },
  done: { tone: "ok", label: "Done" },
  refused: { tone: "bad", label: "Not done" },
};
