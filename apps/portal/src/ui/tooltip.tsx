"use client";

import { Tooltip as Base } from "@base-ui/react/tooltip";
import type { ReactElement, ReactNode } from "react";

interface Shown {
  readonly content: ReactNode;
  readonly side: "top" | "bottom" | "right" | "left";
}

/** All tooltips of a page are one: a table of hundreds of times then costs its texts and nothing more. */
const shared = Base.createHandle<Shown>();

/** Makes tooltips work for everything below; `delay` in milliseconds. */
export function TooltipProvider({ delay, children }: { readonly delay?: number; readonly children: ReactNode }) {
  return (
    <Base.Provider delay={delay}>
      {children}
      <Base.Root handle={shared}>
        {({ payload }) =>
          payload === undefined ? null : (
            <Base.Portal>
              <Base.Positioner side={payload.side} sideOffset={6} className="z-60">
                <Base.Popup className="max-w-80 rounded-md border border-line bg-raised px-2 py-1 text-xs text-fg shadow-float">
                  {payload.content}
                </Base.Popup>
              </Base.Positioner>
            </Base.Portal>
          )
        }
      </Base.Root>
    </Base.Provider>
  );
}

/** Explains its child on hover and focus. The child must be focusable and take a ref. */
export function Tooltip({
  content,
  children,
  side = "top",
}: {
  readonly content: ReactNode;
  readonly children: ReactElement;
  readonly side?: Shown["side"];
}) {
  return <Base.Trigger handle={shared} payload={{ content, side }} render={children} />;
}
