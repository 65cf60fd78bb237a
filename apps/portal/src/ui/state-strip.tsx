import { cx } from "./class-names.ts";
import { type Tone, TONE_FILL } from "./tone.ts";

export interface StripSegment {
  readonly key: string | number;
  /** Null = nothing is known: drawn empty, never as good. */
  readonly tone: Tone | null;
  /** In words, on hover: "12:00, late". */
  readonly label: string;
}

interface StateStripProps {
  readonly segments: readonly StripSegment[];
  /** All of it in one sentence, for those who do not see it. */
  readonly label: string;
  /** "line" (default) fills the width; "ticks" keeps every segment a small bar. */
  readonly shape?: "line" | "ticks";
}

/** States side by side, oldest first. Trouble is taller than good, so colour is not all that tells them apart. */
export function StateStrip({ segments, label, shape = "line" }: StateStripProps) {
  const line = shape === "line";
  return (
    <div
      role="img"
      aria-label={label}
      className={cx("flex items-end", line ? "h-7 w-full gap-px" : "h-4 w-max gap-0.5")}
    >
      {segments.map((segment) => (
        <span
          key={segment.key}
          title={segment.label}
          className={cx(
            "rounded-[1px]",
            line ? "min-w-0 flex-1" : "w-1",
            segment.tone === null ? "h-1/3 border border-line" : TONE_FILL[segment.tone],
            segment.tone === "ok" && "h-1/2",
            segment.tone === "idle" && "h-1/3",
            segment.tone === "warn" && (line ? "h-full" : "h-3/4"),
            (segment.tone === "bad" || segment.tone === "info") && "h-full",
          )}
        />
      ))}
    </div>
  );
}
