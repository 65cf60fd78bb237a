"use client";

import type { BackfillOptions } from "@nova/pipeline-core/catalog";
import { CalendarClock } from "lucide-react";
import { useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { BackfillDialog } from "./backfill-dialog.tsx";

interface BackfillButtonProps {
  readonly dataset: string;
  readonly byDay: boolean;
  readonly options: BackfillOptions | null;
}

/** Opens the dialog for a whole dataset. Raw datasets are the record of what came in and have none. */
export function BackfillButton({ dataset, byDay, options }: BackfillButtonProps) {
  const [open, setOpen] = useState(false);
  const allowed = useMay("backfills.run");
  if (!allowed || dataset.startsWith("raw.")) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>
        <CalendarClock aria-hidden className="size-4" />
        Backfill…
      </Button>
      <BackfillDialog
        dataset={dataset}
        byDay={byDay}
        options={options}
        open={open}
        onOpenChange={setOpen}
        range={null}
      />
    </>
  );
}
