import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { EmptyState } from "./empty-state.tsx";

interface FilteredOutProps {
  readonly title: string;
  /** What hides everything. */
  readonly children: ReactNode;
  /** On the button that ends it. */
  readonly clear: string;
  readonly onClear: () => void;
  readonly compact?: boolean;
}

/** Something is there, and a filter hides all of it. */
export function FilteredOut({ title, children, clear, onClear, compact = false }: FilteredOutProps) {
  return (
    <EmptyState
      kind="filtered"
      title={title}
      compact={compact}
      action={
        <Button size="sm" onClick={onClear}>
          {clear}
        </Button>
      }
    >
      {children}
    </EmptyState>
  );
}
