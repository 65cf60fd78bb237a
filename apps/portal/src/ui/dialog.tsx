"use client";

import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "./class-names.ts";

interface DialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly title: string;
  readonly description?: string;
  readonly children: ReactNode;
  readonly size?: "sm" | "md" | "lg";
  /** "side": a drawer at the right edge. */
  readonly place?: "centre" | "side";
  /** The title is read but not seen. */
  readonly hideTitle?: boolean;
}

const WIDTH = { sm: "max-w-sm", md: "max-w-lg", lg: "max-w-3xl" } as const;

/** A dialog over the page. Focus stays inside, Escape closes; the body is mounted only while open. */
export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  size = "md",
  place = "centre",
  hideTitle = false,
}: DialogProps) {
  return (
    <Base.Root open={open} onOpenChange={onOpenChange}>
      <Base.Portal>
        <Base.Backdrop className="fixed inset-0 z-50 bg-[rgb(10_12_16/45%)] transition-opacity data-ending-style:opacity-0 data-starting-style:opacity-0" />
        <Base.Popup
          className={cx(
            "fixed z-50 flex flex-col border border-line bg-raised shadow-float outline-none transition-[opacity,transform] duration-150 data-ending-style:opacity-0 data-starting-style:opacity-0",
            place === "centre"
              ? cx("top-[12vh] left-1/2 max-h-[76vh] w-[calc(100vw-32px)] -translate-x-1/2 rounded-xl", WIDTH[size])
              : cx(
                  "top-0 right-0 bottom-0 w-[calc(100vw-48px)] border-y-0 border-r-0 data-ending-style:translate-x-4 data-starting-style:translate-x-4",
                  WIDTH[size],
                ),
          )}
        >
          <div
            className={hideTitle ? "sr-only" : "flex items-start justify-between gap-4 border-b border-line px-5 py-3"}
          >
            <div>
              <Base.Title className="text-base font-semibold">{title}</Base.Title>
              {description === undefined ? null : (
                <Base.Description className="mt-0.5 text-sm text-fg-muted">{description}</Base.Description>
              )}
            </div>
            {hideTitle ? null : (
              <Base.Close
                aria-label="Close"
                className="flex size-7 items-center justify-center rounded-md text-fg-muted hover:bg-hover hover:text-fg"
              >
                <X aria-hidden className="size-4" />
              </Base.Close>
            )}
          </div>
          <div className={cx("min-h-0 overflow-auto", !hideTitle && "p-5")}>{children}</div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
