"use client";

import { Check } from "lucide-react";
import { useState } from "react";
import { Dialog } from "@/ui/dialog.tsx";
import { FilteredOut } from "@/ui/filtered-out.tsx";
import { Input } from "@/ui/input.tsx";

interface TimeZoneDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly current: string;
  readonly onChoose: (zone: string) => void;
}

/** Chooses the zone every time on screen is shown in. */
export function TimeZoneDialog({ open, onOpenChange, current, onChoose }: TimeZoneDialogProps) {
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Time zone"
      description="Every time in the portal is shown in this zone."
      size="sm"
    >
      <ZoneList
        current={current}
        onChoose={(zone) => {
          onOpenChange(false);
          if (zone !== current) onChoose(zone);
        }}
      />
    </Dialog>
  );
}

function ZoneList({ current, onChoose }: { readonly current: string; readonly onChoose: (zone: string) => void }) {
  const [text, setText] = useState("");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = [...new Set([current, own, "UTC", ...Intl.supportedValuesOf("timeZone")])];
  const shown = zones
    .filter((zone) => zone.toLowerCase().includes(text.trim().toLowerCase().replaceAll(" ", "_")))
    .slice(0, 60);
  return (
    <>
      <Input
        aria-label="Find a time zone"
        placeholder="Find a time zone"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <ul aria-label="Time zones" className="mt-3 h-72 overflow-auto">
        {shown.map((zone) => (
          <li key={zone}>
            <button
              type="button"
              aria-pressed={zone === current}
              onClick={() => onChoose(zone)}
              className="flex min-h-8 w-full items-center justify-between rounded-md px-2 text-left text-sm hover:bg-hover"
            >
              <span>{zone}</span>
              <span className="flex items-center gap-2 text-xs text-fg-subtle">
                {zone === own ? "this computer" : null}
                {zone === current ? <Check aria-hidden className="size-4 text-accent-text" /> : null}
              </span>
            </button>
          </li>
        ))}
        {shown.length === 0 ? (
          <li>
            <FilteredOut title="No such time zone" compact clear="Clear" onClear={() => setText("")}>
              Nothing matches “{text}”.
            </FilteredOut>
          </li>
        ) : null}
      </ul>
    </>
  );
}
