import Link from "next/link";
import type { ReactNode } from "react";
import { paths } from "@/features/navigation/index.ts";
import { Stat, StatRow } from "@/ui/card.tsx";
import { formatCount, formatShare } from "@/ui/format.ts";
import type { Health } from "../server/judge-health.ts";

/** How many datasets are fresh, late, failing, not loaded; each number leads to its datasets. */
export function HealthStats({ health }: { readonly health: Health }) {
  const share =
    health.total === 0
      ? "no dataset yet"
      : `${formatShare(health.fresh / health.total)} of ${formatCount(health.total)} datasets`;
  return (
    <StatRow label="Health of the datasets">
      <Stat
        label="Fresh"
        value={<To health="fresh">{health.fresh}</To>}
        note={share}
        tone={health.fresh > 0 ? "ok" : undefined}
      />
      <Stat
        label="Late"
        value={<To health="late">{health.late}</To>}
        note="older than their target lag"
        tone={health.late > 0 ? "warn" : undefined}
      />
      <Stat
        label="Failing checks"
        value={<To health="failing">{health.failing}</To>}
        note="datasets with a failing check"
        tone={health.failing > 0 ? "bad" : undefined}
      />
      <Stat
        label="Not loaded yet"
        value={<To health="unknown">{health.unknown}</To>}
        note="their freshness is unknown"
      />
    </StatRow>
  );
}

function To({
  health,
  children,
}: {
  readonly health: Parameters<typeof paths.catalogWhere>[0];
  readonly children: ReactNode;
}) {
  return (
    <Link href={paths.catalogWhere(health)} className="rounded-sm decoration-1 underline-offset-4 hover:underline">
      {children}
      <span className="sr-only"> in the catalog</span>
    </Link>
  );
}
