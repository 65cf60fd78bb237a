import type { PartCounts } from "@nova/db/read-models";
import type { PartState } from "@nova/pipeline-core/orchestration";
import { formatCount } from "@/ui/format.ts";
import { TONE_FILL } from "@/ui/tone.ts";
import { PART_STATE_WORDS } from "../backfill-words.ts";

const ORDER: readonly PartState[] = ["succeeded", "failed", "skipped", "running", "cancelled", "queued"];

/** How many parts are in each state, as a bar and in words. */
export function PartsMeter({ parts, label }: { readonly parts: PartCounts; readonly label: string }) {
  const all = ORDER.reduce((sum, state) => sum + parts[state], 0);
  const some = ORDER.filter((state) => parts[state] > 0);
  const words = some
    .map((state) => `${formatCount(parts[state])} ${PART_STATE_WORDS[state].label.toLowerCase()}`)
    .join(", ");
  return (
    <div className="flex min-w-36 flex-col gap-1">
      <div role="img" aria-label={`${label}: ${words}`} className="flex h-1.5 overflow-hidden rounded-full bg-sunken">
        {some
          .filter((state) => state !== "queued" && state !== "cancelled")
          .map((state) => (
            <span
              key={state}
              className={TONE_FILL[PART_STATE_WORDS[state].tone]}
              style={{ width: `${(parts[state] / all) * 100}%` }}
            />
          ))}
      </div>
      <span className="num text-xs text-fg-muted">{words}</span>
    </div>
  );
}
