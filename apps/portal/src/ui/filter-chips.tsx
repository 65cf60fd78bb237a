"use client";

import { cx } from "./class-names.ts";

interface FilterChipsProps<Value extends string> {
  readonly label: string;
  /** Empty = all. */
  readonly chosen: readonly Value[];
  readonly choices: readonly { readonly value: Value; readonly label: string; readonly count?: number }[];
  readonly onChange: (chosen: Value[]) => void;
}

/** Toggles that narrow a list; several may be on. A choice without a match is shown with its 0 and can still be cleared. */
export function FilterChips<Value extends string>({ label, chosen, choices, onChange }: FilterChipsProps<Value>) {
  return (
    <div role="group" aria-label={label} className="flex flex-wrap items-center gap-1.5">
      {choices.map((choice) => {
        const on = chosen.includes(choice.value);
        return (
          <button
            key={choice.value}
            type="button"
            aria-pressed={on}
            onClick={() => onChange(on ? chosen.filter((value) => value !== choice.value) : [...chosen, choice.value])}
            className={cx(
              "inline-flex h-7 items-center gap-1.5 rounded-full border px-2.5 text-xs font-medium transition-colors",
              on
                ? "border-accent bg-accent-soft text-accent-text"
                : "border-line bg-surface text-fg-muted hover:border-line-strong hover:text-fg",
            )}
          >
            {choice.label}
            {choice.count === undefined ? null : <span className="num text-2xs">{choice.count}</span>}
          </button>
        );
      })}
    </div>
  );
}
