"use client";

import { LoaderCircle } from "lucide-react";
import type { ComponentProps, ReactElement } from "react";
import { cx } from "./class-names.ts";
import { Tooltip } from "./tooltip.tsx";

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

type ButtonProps = Omit<ComponentProps<"button">, "className" | "disabled"> &
  ButtonStyle & {
    readonly busy?: boolean;
    /** Why it cannot be used now; the button stays focusable and says so. */
    readonly disabledReason?: string | null;
  };

export function Button({ kind, size, busy = false, disabledReason = null, children, onClick, ...rest }: ButtonProps) {
  const off = busy || disabledReason !== null;
  const button = (
    <button
      type="button"
      {...rest}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      onClick={off ? (event) => event.preventDefault() : onClick}
      className={buttonClass({ kind, size })}
    >
      {busy ? <LoaderCircle aria-hidden className="size-3.5 animate-spin" /> : null}
      {children}
    </button>
  );
  return disabledReason === null ? button : <Tooltip content={disabledReason}>{button}</Tooltip>;
}

type IconButtonProps = Omit<ComponentProps<"button">, "className" | "children" | "aria-label"> & {
  /** Accessible name, also the tooltip. */
  readonly label: string;
  readonly icon: ReactElement;
  readonly size?: "sm" | "md";
  readonly tooltip?: boolean;
};

export function IconButton({ label, icon, size = "md", tooltip = true, ...rest }: IconButtonProps) {
  const button = (
    <button
      type="button"
      {...rest}
      aria-label={label}
      className={cx(
        "inline-flex shrink-0 items-center justify-center rounded-md text-fg-muted transition-colors hover:bg-hover hover:text-fg [&_svg]:size-4",
        size === "sm" ? "size-6 [&_svg]:size-3.5" : "size-8",
      )}
    >
      {icon}
    </button>
  );
  return tooltip ? <Tooltip content={label}>{button}</Tooltip> : button;
}
