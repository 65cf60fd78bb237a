"use client";

import { LoaderCircle } from "lucide-react";
import type { ComponentProps, ReactElement } from "react";
import { type ButtonStyle, buttonClass } from "./button-class.ts";
import { cx } from "./class-names.ts";
import { Tooltip } from "./tooltip.tsx";

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
