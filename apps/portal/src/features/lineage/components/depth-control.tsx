"use client";

import { Minus, Plus } from "lucide-react";
import { IconButton } from "@/ui/button.tsx";
import { MOST_DEPTH } from "../lineage-search.ts";

interface DepthControlProps {
  readonly label: "Upstream" | "Downstream";
  readonly depth: number;
  readonly shown: number;
  readonly total: number;
  readonly onChange: (depth: number) => void;
}

/** How many steps are shown in one direction, and how much of it that is. */
export function DepthControl({ label, depth, shown, total, onChange }: DepthControlProps) {
  return (
    <div role="group" aria-label={`${label} depth`} className="inline-flex items-center gap-1 text-xs text-fg-muted">
      <span>{label}</span>
      <IconButton
        size="sm"
        label={`Show fewer steps ${label.toLowerCase()}`}
        icon={<Minus aria-hidden />}
        onClick={() => onChange(Math.max(0, depth - 1))}
      />
      <span className="num min-w-4 text-center font-medium text-fg">{depth}</span>
      <IconButton
        size="sm"
        label={`Show more steps ${label.toLowerCase()}`}
        icon={<Plus aria-hidden />}
        onClick={() => onChange(Math.min(MOST_DEPTH, depth + 1))}
      />
      <span className="num">
        {shown} of {total}
      </span>
    </div>
  );
}
