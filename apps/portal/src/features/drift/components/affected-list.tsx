import type { DriftRow } from "@nova/db/read-models";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { plural } from "@/ui/format.ts";

/** Datasets, columns and readers that a change touches, nearest first. */
export function AffectedList({ item }: { readonly item: Pick<DriftRow, "affected"> }) {
  if (item.affected.length === 0) return <p className="text-xs text-fg-muted">Nothing is made from it yet.</p>;
  return (
    <div className="text-xs">
      <p className="text-fg-muted">It touches</p>
      <ul className="mt-1 flex flex-col gap-0.5">
        {item.affected.map((dataset) => (
          <li key={dataset.name} className="flex flex-wrap gap-x-2">
            <Link href={paths.dataset(dataset.name)} className="font-mono hover:underline">
              {dataset.name}
            </Link>
            <span className="font-mono text-fg-muted">{dataset.columns.join(", ")}</span>
            {dataset.readers === 0 ? null : (
              <span className="text-fg-muted">· {plural(dataset.readers, "reader")} in 30 days</span>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
