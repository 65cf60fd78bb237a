import { CircleDashed, CirclePlus, FilterX, type LucideIcon, ShieldX, Unplug } from "lucide-react";
import type { ReactNode } from "react";

/** Five ways for nothing to be there; they never look alike, for each has its own next step. */
export type EmptyKind = "not-started" | "filtered" | "forbidden" | "broken" | "none-yet";

const ICON: Record<EmptyKind, LucideIcon> = {
  "not-started": CircleDashed,
  filtered: FilterX,
  forbidden: ShieldX,
  broken: Unplug,
  "none-yet": CirclePlus,
};

interface EmptyStateProps {
  readonly kind: EmptyKind;
  readonly title: string;
  /** Why it is empty and what to do next. */
  readonly children: ReactNode;
  /** A button or link for that next step. */
  readonly action?: ReactNode;
  readonly compact?: boolean;
}

export function EmptyState({ kind, title, children, action, compact = false }: EmptyStateProps) {
  const Icon = ICON[kind];
  return (
    <div
      role={kind === "broken" ? "alert" : undefined}
      className={`flex flex-col items-center gap-2 px-6 text-center ${compact ? "py-6" : "py-12"}`}
    >
      <span className="flex size-9 items-center justify-center rounded-full bg-sunken text-fg-subtle">
        <Icon aria-hidden className="size-4.5" />
      </span>
      <p className="text-sm font-semibold">{title}</p>
      <div className="max-w-md text-sm text-fg-muted">{children}</div>
      {action === undefined ? null : <div className="mt-1">{action}</div>}
    </div>
  );
}
