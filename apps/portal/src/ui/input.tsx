"use client";

import { Search, X } from "lucide-react";
import { type ComponentProps, useEffect, useRef, useState } from "react";
import { cx } from "./class-names.ts";
import { Kbd } from "./kbd.tsx";

export const FIELD_CLASS =
  "h-8 w-full rounded-md border border-line bg-surface px-2.5 text-sm text-fg placeholder:text-fg-subtle hover:border-line-strong focus-visible:outline-offset-0";

/** A text field; give it a <label> or aria-label. */
export function Input(props: Omit<ComponentProps<"input">, "className">) {
  return <input {...props} className={FIELD_CLASS} />;
}

interface SearchInputProps {
  /** Accessible name and placeholder: "Filter streams". */
  readonly label: string;
  readonly value: string;
  /** Told 200 ms after the last key, at once on clear. */
  readonly onChange: (value: string) => void;
  readonly width?: "full" | "fixed";
}

/** The filter of a list. `/` anywhere on the page puts the cursor here, Escape clears it. */
export function SearchInput({ label, value, onChange, width = "fixed" }: SearchInputProps) {
  // What is typed and not yet told; null while the field shows what the caller holds.
  const [draft, setDraft] = useState<string | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const text = draft ?? value;

  function change(next: string, wait: number): void {
    setDraft(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      onChange(next.trim());
      setDraft(null);
    }, wait);
  }

  return (
    <div className={cx("relative", width === "fixed" ? "w-full sm:w-64" : "w-full")}>
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-fg-subtle" />
      <input
        type="search"
        data-filter-input
        aria-label={label}
        aria-keyshortcuts="/"
        placeholder={label}
        value={text}
        onChange={(event) => change(event.target.value, 200)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          if (text === "") event.currentTarget.blur();
          else change("", 0);
        }}
        className={cx(FIELD_CLASS, "pr-8 pl-8 [&::-webkit-search-cancel-button]:hidden")}
      />
      <span className="absolute top-1.5 right-1.5">
        {text === "" ? (
          <Kbd>/</Kbd>
        ) : (
          <button
            type="button"
            aria-label="Clear filter"
            onClick={() => change("", 0)}
            className="-mt-0.5 flex size-6 items-center justify-center rounded-sm text-fg-subtle hover:bg-hover hover:text-fg"
          >
            <X aria-hidden className="size-3.5" />
          </button>
        )}
      </span>
    </div>
  );
}
