"use client";

import type { NeighbourRow } from "@nova/db/read-models";
import Link from "next/link";
import { FreshnessText, HealthPill } from "@/features/health/index.ts";
import { paths } from "@/features/navigation/index.ts";

/** Datasets one step away, each with its health and age. */
export function NeighbourList({ label, rows }: { readonly label: string; readonly rows: readonly NeighbourRow[] }) {
  return (
    <ul aria-label={label}>
      {rows.map((row) => (
        <li
          key={row.name}
          className="flex flex-wrap items-center justify-between gap-x-3 gap-y-0.5 border-b border-line px-4 py-2 last:border-b-0"
        >
          <Link
            href={paths.dataset(row.name)}
            prefetch={false}
            className="min-w-0 truncate font-mono text-xs font-medium hover:underline"
          >
            {row.name}
          </Link>
          <span className="flex items-center gap-2">
            <FreshnessText facts={row} words="age" />
            <HealthPill facts={row} />
          </span>
        </li>
      ))}
    </ul>
  );
}
