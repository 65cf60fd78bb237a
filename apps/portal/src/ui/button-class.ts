import { cx } from "./class-names.ts";

const KIND = {
  primary: "bg-accent text-accent-fg hover:opacity-90",
  secondary: "border border-line bg-surface text-fg hover:bg-hover",
  ghost: "text-fg-muted hover:bg-hover hover:text-fg",
  danger: "border border-line bg-surface text-bad hover:bg-bad-soft",
} as const;

const SIZE = { sm: "h-7 px-2 text-xs gap-1", md: "h-8 px-3 text-sm gap-1.5" } as const;

export interface ButtonStyle {
  readonly kind?: keyof typeof KIND;
  readonly size?: keyof typeof SIZE;
}

/** Class names of a button, for links that look like one. */
export function buttonClass({ kind = "secondary", size = "md" }: ButtonStyle = {}): string {
  return cx(
    "inline-flex shrink-0 items-center justify-center rounded-md font-medium whitespace-nowrap transition-colors select-none",
    "disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-not-allowed aria-disabled:opacity-50",
    KIND[kind],
    SIZE[size],
  );
}
