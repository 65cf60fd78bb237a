"use client";

import { useEffect } from "react";
import type { Tone } from "@/ui/tone.ts";

interface TabMark {
  readonly title: string;
  readonly tone: Tone;
}

/** Drawn outside the page, where theme tokens do not reach: colours that stand out on light and dark browser chrome. */
const MARK: Record<Tone, { readonly fill: string; readonly path: string }> = {
  ok: { fill: "#1f9254", path: "M9 16.5l4.5 4.5L23 11.5" },
  bad: { fill: "#d93a31", path: "M11 11l10 10M21 11L11 21" },
  warn: { fill: "#d98612", path: "M16 9v9M16 22.5v.5" },
  info: { fill: "#2f6fe0", path: "M12.5 10.5v11l9-5.5z" },
  idle: { fill: "#838c9a", path: "M10 16h12" },
};

/** Says the state in the browser tab: title and icon. Both go back when the page is left. */
export function useTabMark(mark: TabMark | null): void {
  const title = mark?.title ?? null;
  const tone = mark?.tone ?? null;
  useEffect(() => {
    if (title === null) return undefined;
    const before = document.title;
    const wanted = `${title} · NovaRetail Data`;
    const write = (): void => {
      if (document.title !== wanted) document.title = wanted;
    };
    write();
    // The framework writes the route's own title when its head arrives, which may be after this.
    const observer = new MutationObserver(write);
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => {
      observer.disconnect();
      document.title = before;
    };
  }, [title]);
  useEffect(() => {
    if (tone === null) return undefined;
    const { fill, path } = MARK[tone];
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="15" fill="${fill}"/><path d="${path}" fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
    const icon = document.createElement("link");
    icon.rel = "icon";
    icon.type = "image/svg+xml";
    icon.href = `data:image/svg+xml,${encodeURIComponent(svg)}`;
    document.head.append(icon);
    return () => icon.remove();
  }, [tone]);
}
