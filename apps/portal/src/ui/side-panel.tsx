import { X } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "./button.tsx";

interface SidePanelProps {
  /** What is selected, by its own name. */
  readonly name: string;
  /** What kind of thing it is. */
  readonly above: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** What is known of the selected thing, beside the drawing it was selected in; below it on narrow screens. */
export function SidePanel({ name, above, onClose, children }: SidePanelProps) {
  return (
    <aside
      aria-label={`Selected: ${name}`}
      className="flex min-w-0 flex-col gap-4 border-t border-line bg-surface p-4 lg:w-80 lg:shrink-0 lg:border-t-0 lg:border-l"
    >
      <div className="flex items-start justify-between gap-2">
        <div className="min-w-0">
          <p className="text-2xs text-fg-muted">{above}</p>
          <p className="font-mono text-xs font-medium break-all">{name}</p>
        </div>
        <IconButton size="sm" label="Close" icon={<X aria-hidden />} onClick={onClose} />
      </div>
      {children}
    </aside>
  );
}
