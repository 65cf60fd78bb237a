"use client";

import type { RunLogRow } from "@nova/db/read-models";
import { plural } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";

/** As many as explain a failure; "Errors only" shows the others. */
const SHOWN = 3;

interface FirstErrorsProps {
  readonly lines: readonly RunLogRow[];
  readonly step: string | null;
  /** Brings the line into view in the log. */
  readonly onShow: (seq: number) => void;
}

/** What went wrong stands above the log, the first first: what comes after it often follows from it. */
export function FirstErrors({ lines, step, onShow }: FirstErrorsProps) {
  const errors = lines.filter((line) => line.level === "error" && (step === null || line.dataset === step));
  if (errors.length === 0) return null;
  return (
    <section aria-label="Errors" className="border-b border-line bg-bad-soft/40 px-4 py-2 text-xs">
      <h3 className="font-medium text-bad">
        {errors.length > SHOWN
          ? `The first ${SHOWN} of ${plural(errors.length, "error")}`
          : plural(errors.length, "error")}
      </h3>
      <ul>
        {errors.slice(0, SHOWN).map((line) => (
          <li key={line.seq} className="flex min-h-6 items-baseline gap-3 font-mono">
            <span className="shrink-0 text-fg-muted">
              <Timestamp at={line.at} show="clock" />
            </span>
            <button
              type="button"
              onClick={() => onShow(line.seq)}
              className="min-h-6 min-w-0 rounded-sm text-left break-words hover:underline"
            >
              <span className="text-fg-subtle">{line.dataset ?? "run"} </span>
              {line.message}
              <span className="sr-only">: show it in the log</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
