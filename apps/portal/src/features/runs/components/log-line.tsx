"use client";

import type { RunLogRow } from "@nova/db/read-models";
import { ChevronRight, Link2 } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { cx } from "@/ui/class-names.ts";
import { Timestamp } from "@/ui/timestamp.tsx";
import { foldFields } from "../filter-log.ts";

const LEVEL_CLASS = {
  error: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  info: "text-fg-muted",
  debug: "text-fg-subtle",
} as const;

interface LogLineProps {
  readonly row: RunLogRow;
  readonly linked: boolean;
  readonly onLink: () => void;
}

/** Time, level, step, message; fields folded into one line until opened. */
export function LogLine({ row, linked, onLink }: LogLineProps) {
  const [open, setOpen] = useState(false);
  const folded = foldFields(row.fields);
  return (
    <div
      className={cx(
        "group flex items-start gap-3 px-4 py-1 font-mono text-xs leading-5 hover:bg-hover",
        row.level === "error" && "bg-bad-soft/40",
        linked && "bg-accent-soft shadow-[inset_2px_0_0_var(--accent)]",
      )}
    >
      <span className="shrink-0 text-fg-muted">
        <Timestamp at={row.at} show="millis" />
      </span>
      <span className={cx("w-11 shrink-0 rounded-sm text-center font-medium uppercase", LEVEL_CLASS[row.level])}>
        {row.level}
      </span>
      <div className="min-w-0 flex-1">
        <div className="flex flex-wrap items-baseline gap-x-3">
          <span className="shrink-0 text-fg-subtle">{row.dataset ?? "run"}</span>
          <span className={cx("min-w-0 break-words", row.level === "error" ? "text-bad" : "text-fg")}>
            {row.message}
          </span>
          {folded === "" ? null : (
            <button
              type="button"
              aria-expanded={open}
              onClick={() => setOpen(!open)}
              className="inline-flex min-w-6 max-w-full items-baseline gap-1 rounded-sm text-left text-fg-subtle hover:text-fg"
            >
              <ChevronRight
                aria-hidden
                className={cx("size-3 shrink-0 translate-y-0.5 transition-transform", open && "rotate-90")}
              />
              <span className="sr-only">{open ? "Fold fields" : "Unfold fields"}</span>
              {open ? null : (
                <span aria-hidden className="max-w-[48ch] truncate">
                  {folded}
                </span>
              )}
            </button>
          )}
        </div>
        {open ? (
          <dl className="mt-1 mb-1 grid grid-cols-[auto_1fr] gap-x-4 gap-y-0.5 rounded-md border border-line bg-sunken px-3 py-2">
            {Object.entries(row.fields).map(([name, value]) => (
              <div key={name} className="contents">
                <dt className="text-fg-subtle">{name}</dt>
                <dd className="min-w-0 break-words whitespace-pre-wrap">
                  {typeof value === "string" ? value : JSON.stringify(value, null, 2)}
                </dd>
              </div>
            ))}
          </dl>
        ) : null}
      </div>
      <button
        type="button"
        aria-label="Copy link to this line"
        title="Copy link to this line"
        onClick={() => {
          onLink();
          const address = new URL(window.location.href);
          address.searchParams.set("line", String(row.seq));
          navigator.clipboard.writeText(address.toString()).then(
            () => toast.success("Link to the line copied"),
            () => toast.message("The address bar now holds the link to this line"),
          );
        }}
        className="-my-0.5 flex size-6 shrink-0 items-center justify-center rounded-sm text-fg-subtle opacity-0 group-hover:opacity-100 hover:text-fg focus-visible:opacity-100"
      >
        <Link2 aria-hidden className="size-3.5" />
      </button>
    </div>
  );
}
