import type { ReactNode } from "react";
import { cx } from "./class-names.ts";
import { type Tone, TONE_TEXT } from "./tone.ts";

interface CardProps {
  /** Heading of the region; also its accessible name. */
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
  /** Without inner padding, for tables and lists. */
  readonly flush?: boolean;
}

/** A titled region of a page. */
export function Card({ title, aside, children, flush = false }: CardProps) {
  return (
    <section
      aria-label={title}
      className="flex min-w-0 flex-col overflow-hidden rounded-lg border border-line bg-surface"
    >
      <header className="flex min-h-11 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line px-4 py-2">
        <h2 className="text-sm font-semibold">{title}</h2>
        {aside === undefined ? null : (
          <div className="flex flex-wrap items-center gap-2 text-xs text-fg-muted">{aside}</div>
        )}
      </header>
      <div className={cx("min-w-0 flex-1", !flush && "p-4")}>{children}</div>
    </section>
  );
}

interface StatProps {
  readonly label: string;
  readonly value: ReactNode;
  readonly note?: ReactNode;
  readonly tone?: Tone;
}

/** One number with its name, read as a pair by a screen reader. Use inside <StatRow>. */
export function Stat({ label, value, note, tone }: StatProps) {
  return (
    <div className="min-w-0 flex-[1_1_132px] bg-surface px-4 py-3">
      <dt className="text-xs text-fg-muted">{label}</dt>
      <dd className={cx("num mt-0.5 truncate text-xl font-semibold", tone !== undefined && TONE_TEXT[tone])}>
        {value}
      </dd>
      {note === undefined ? null : <dd className="mt-0.5 truncate text-xs text-fg-subtle">{note}</dd>}
    </div>
  );
}

/** Stats side by side, wrapping on narrow screens, where those of the last line share its width. */
export function StatRow({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return (
    <dl aria-label={label} className="flex flex-wrap gap-px overflow-hidden rounded-lg border border-line bg-line">
      {children}
    </dl>
  );
}
