import { formatShare } from "./format.ts";
import { type Tone, TONE_FILL } from "./tone.ts";

interface ProgressBarProps {
  /** 0–1; null when the end is not known. */
  readonly share: number | null;
  /** Accessible name: what is progressing. */
  readonly label: string;
  readonly tone?: Tone;
}

export function ProgressBar({ share, label, tone = "info" }: ProgressBarProps) {
  const bounded = share === null ? null : Math.min(1, Math.max(0, share));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={bounded === null ? undefined : Math.round(bounded * 100)}
      aria-valuetext={bounded === null ? "under way" : formatShare(bounded)}
      className="h-1.5 w-full overflow-hidden rounded-full bg-idle-soft"
    >
      <div
        className={`h-full rounded-full transition-[width] duration-500 ${TONE_FILL[tone]} ${bounded === null ? "w-1/3 animate-pulse-soft" : ""}`}
        style={bounded === null ? undefined : { width: `${bounded * 100}%` }}
      />
    </div>
  );
}
