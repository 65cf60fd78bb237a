"use client";

import { cx } from "./class-names.ts";
import type { Choice } from "./select.tsx";

interface SegmentedControlProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly choices: readonly Choice<Value>[];
  readonly onChange: (value: Value) => void;
}

/** Two to five choices side by side; arrow keys move between them. */
export function SegmentedControl<Value extends string>({
  label,
  value,
  choices,
  onChange,
}: SegmentedControlProps<Value>) {
  return (
    <div
      role="radiogroup"
      aria-label={label}
      className="inline-flex h-8 items-center rounded-md border border-line bg-sunken p-0.5"
    >
      {choices.map((choice, index) => {
        const chosen = choice.value === value;
        return (
          <button
            key={choice.value}
            type="button"
            role="radio"
            aria-checked={chosen}
            tabIndex={chosen ? 0 : -1}
            onClick={() => onChange(choice.value)}
            onKeyDown={(event) => {
              const step =
                event.key === "ArrowRight" || event.key === "ArrowDown"
                  ? 1
                  : event.key === "ArrowLeft" || event.key === "ArrowUp"
                    ? -1
                    : 0;
              if (step === 0) return;
              event.preventDefault();
              const next = (index + step + choices.length) % choices.length;
              const target = choices[next];
              if (target === undefined) return;
              onChange(target.value);
              const sibling = event.currentTarget.parentElement?.children[next];
              if (sibling instanceof HTMLElement) sibling.focus();
            }}
            className={cx(
              "h-6.5 min-w-6 rounded-sm px-2.5 text-xs font-medium transition-colors",
              chosen ? "bg-surface text-fg shadow-[0_0_0_1px_var(--line)]" : "text-fg-muted hover:text-fg",
            )}
          >
            {choice.label}
          </button>
        );
      })}
    </div>
  );
}
