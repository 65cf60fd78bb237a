"use client";

import { type DriftChoice, driftChoices, driftText, meanwhileText } from "@nova/pipeline-core/connectors";
import type { DriftRow } from "@nova/db/read-models";
import Link from "next/link";
import { useState } from "react";
import { paths } from "@/features/navigation/index.ts";
import { useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { StatusPill } from "@/ui/status-pill.tsx";
import { Timestamp } from "@/ui/timestamp.tsx";
import { CHOICE_LABEL, DRIFT_STATE_WORDS } from "../drift-words.ts";
import { AffectedList } from "./affected-list.tsx";
import { SettleDialog } from "./settle-dialog.tsx";

interface Settling {
  readonly item: DriftRow;
  readonly choice: DriftChoice;
}

/** Changes of streams: what changed where, what it touches, what happens meanwhile, and the choices. */
export function DriftList({ items }: { readonly items: readonly DriftRow[] }) {
  const [settling, setSettling] = useState<Settling | null>(null);
  return (
    <>
      <ul>
        {items.map((item) => (
          <DriftEntry key={item.id} item={item} onSettle={(choice) => setSettling({ item, choice })} />
        ))}
      </ul>
      {settling === null ? null : <SettleDialog {...settling} onClose={() => setSettling(null)} />}
    </>
  );
}

function DriftEntry({ item, onSettle }: { readonly item: DriftRow; readonly onSettle: (choice: DriftChoice) => void }) {
  const may = useMay("drift.settle");
  const words = DRIFT_STATE_WORDS[item.state];
  const choices = item.state === "open" ? driftChoices(item.change, item.key.includes(item.change.column)) : [];
  return (
    <li
      aria-label={`${item.stream}: ${driftText(item.change)}`}
      className="border-b border-line px-4 py-3 last:border-b-0"
    >
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <p className="flex min-w-0 flex-wrap items-center gap-x-2 text-sm">
          <Link href={paths.stream(item.source, item.stream)} className="font-mono text-xs font-medium hover:underline">
            {item.source}/{item.stream}
          </Link>
          <span className="text-xs text-fg-muted">
            v{item.fromVersion}
            {item.toVersion === item.fromVersion ? "" : ` → v${item.toVersion}`}
          </span>
        </p>
        <p className="flex items-center gap-2 text-xs text-fg-muted">
          <Timestamp at={item.seenAt} />
          {item.state === "open" && item.waits ? <StatusPill tone="bad" label="Loading waits" /> : null}
          <StatusPill tone={words.tone} label={words.label} />
        </p>
      </div>
      <p className="mt-1 text-sm first-letter:uppercase">{driftText(item.change)}.</p>
      {item.state === "open" || item.state === "evolved" ? (
        <p className="mt-0.5 text-xs text-fg-muted">{meanwhileText(item)}</p>
      ) : null}
      {item.decidedBy === null ? null : (
        <p className="mt-0.5 text-xs text-fg-muted">
          By {item.decidedBy}, <Timestamp at={item.decidedAt} />
        </p>
      )}
      {item.state === "open" ? (
        <div className="mt-2 flex flex-wrap items-end justify-between gap-3">
          <div className="min-w-0">
            {item.change.kind === "table" ? null : <AffectedList item={item} />}
            {item.position === null ? null : (
              <p className="mt-1 text-xs break-all text-fg-subtle">seen at {item.position}</p>
            )}
          </div>
          {may ? (
            <div className="flex flex-wrap gap-2">
              {choices.map((choice, index) => (
                <Button
                  key={choice}
                  size="sm"
                  kind={index === 0 ? "primary" : "secondary"}
                  onClick={() => onSettle(choice)}
                >
                  {CHOICE_LABEL[choice]}…
                </Button>
              ))}
            </div>
          ) : (
            <p className="text-xs text-fg-muted">Data engineers settle it.</p>
          )}
        </div>
      ) : null}
    </li>
  );
}
