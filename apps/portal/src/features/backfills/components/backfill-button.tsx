"use client";

import { CalendarClock } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { BackfillDialog } from "./backfill-dialog.tsx";

/** Opens the dialog for a whole dataset. Raw datasets are the record of what came in and have none. */
export function BackfillButton({ dataset, byDay }: { readonly dataset: string; readonly byDay: boolean }) {
  const [open, setOpen] = useState(false);
  const allowed = useMay("backfills.run");
  if (!allowed || dataset.startsWith("raw.")) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <CalendarClock aria-hidden className="size-4" />
        Backfill…
      </Button>
      <BackfillDialog dataset={dataset} byDay={byDay} open={open} onOpenChange={setOpen} range={null} />
    </>
  );
}
