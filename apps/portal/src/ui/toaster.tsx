"use client";

import { useTheme } from "next-themes";
import { Toaster as Sonner } from "sonner";

export { toast } from "sonner";

/** How long a toast stays, unless it is looked at. */
export const TOAST_MILLIS = 8_000;

/** Where toasts appear. Mounted once, from the start, so that they are announced. */
export function Toaster() {
  const { resolvedTheme } = useTheme();
  return (
    <Sonner
      theme={resolvedTheme === "dark" ? "dark" : "light"}
      position="bottom-right"
      duration={TOAST_MILLIS}
      closeButton
      visibleToasts={4}
      style={{ fontFamily: "inherit" }}
    />
  );
}
