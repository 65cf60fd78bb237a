"use client";

import { PLACES } from "@/features/navigation/index.ts";
import { Dialog } from "@/ui/dialog.tsx";
import { Kbd } from "@/ui/kbd.tsx";

const GENERAL: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["⌘", "K"], does: "Search and commands" },
  { keys: ["/"], does: "Filter this page" },
  { keys: ["j"], does: "Next row" },
  { keys: ["k"], does: "Previous row" },
  { keys: ["Enter"], does: "Open the row" },
  { keys: ["Esc"], does: "Clear or close" },
  { keys: ["?"], does: "This sheet" },
];

const RUNS: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["x"], does: "Select the run" },
  { keys: ["⇧", "C"], does: "Cancel what is selected" },
  { keys: ["⇧", "R"], does: "Retry what is selected" },
  { keys: ["⇧", "D"], does: "Mark what is selected as done" },
  { keys: ["⇧", "F"], does: "Mark what is selected as failed" },
  { keys: ["Esc"], does: "Select nothing" },
];

const GRAPH: readonly { keys: readonly string[]; does: string }[] = [
  { keys: ["←", "↑", "→", "↓"], does: "To the nearest box" },
  { keys: ["Space"], does: "Select the box" },
  { keys: ["Enter"], does: "Open it" },
];

export function ShortcutsSheet({
  open,
  onOpenChange,
}: {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts" size="md">
      <div className="grid gap-6 sm:grid-cols-2">
        <KeyList title="Everywhere" rows={GENERAL} />
        <KeyList title="In the list of runs" rows={RUNS} />
        <KeyList title="In a graph" rows={GRAPH} />
        <KeyList title="Go to" rows={PLACES.map((place) => ({ keys: ["g", place.key], does: place.label }))} />
      </div>
    </Dialog>
  );
}

function KeyList({
  title,
  rows,
}: {
  readonly title: string;
  readonly rows: readonly { keys: readonly string[]; does: string }[];
}) {
  return (
    <section aria-label={title}>
      <h3 className="mb-1 text-xs font-medium text-fg-muted">{title}</h3>
      <dl>
        {rows.map(({ keys, does }) => (
          <div
            key={does}
            className="flex items-center justify-between gap-3 border-b border-line py-1.5 text-sm last:border-b-0"
          >
            <dt>{does}</dt>
            <dd className="flex gap-1">
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
