"use client";

import { useRouter } from "next/navigation";
import { useEffect, useEffectEvent } from "react";
import { PLACES } from "@/features/navigation/index.ts";

/** How long `g` waits for its letter. */
const CHORD_MILLIS = 1_200;

interface ShortcutActions {
  readonly openPalette: () => void;
  readonly openShortcuts: () => void;
}

/** Keys that work on every page; single keys are off while a field has the focus. j/k enter the first table. */
export function useShortcuts(actions: ShortcutActions): void {
  const router = useRouter();
  const openPalette = useEffectEvent(() => actions.openPalette());
  const openShortcuts = useEffectEvent(() => actions.openShortcuts());
  useEffect(() => {
    let chordUntil = 0;
    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || event.altKey) return;
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        openPalette();
        return;
      }
      if (event.metaKey || event.ctrlKey || isTyping(event.target) || document.querySelector("[role=dialog]") !== null)
        return;
      if (event.timeStamp < chordUntil) {
        chordUntil = 0;
        const place = PLACES.find((one) => one.key === event.key);
        if (place !== undefined) {
          event.preventDefault();
          router.push(place.href);
        }
        return;
      }
      if (event.key === "g") chordUntil = event.timeStamp + CHORD_MILLIS;
      else if (event.key === "?") openShortcuts();
      else if (event.key === "/") focusFilter(event, () => openPalette());
      else if (event.key === "j" || event.key === "k") focusFirstRow(event);
    }
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [router]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.closest("input, textarea, select, [role=textbox]") !== null)
  );
}

/** The page's own filter when it has one, else the search. */
function focusFilter(event: KeyboardEvent, openPalette: () => void): void {
  event.preventDefault();
  const field = document.querySelector<HTMLInputElement>("main [data-filter-input]");
  if (field === null) openPalette();
  else {
    field.focus();
    field.select();
  }
}

function focusFirstRow(event: KeyboardEvent): void {
  if (event.target instanceof Element && event.target.closest("[data-row]") !== null) return;
  const row = document.querySelector<HTMLElement>("main [data-row][tabindex]");
  if (row === null) return;
  event.preventDefault();
  row.focus();
}
