"use client";

import { cx } from "@/ui/class-names.ts";
import { formatDuration } from "@/ui/format.ts";
import { STEP_STATE_WORDS } from "../run-words.ts";
import type { SegmentKind, Timeline, TimelineRow, TimelineSegment } from "./prepare-timeline.ts";

const SEGMENT_CLASS: Record<SegmentKind, string> = {
  waiting: "bg-idle-soft border border-dashed border-idle-dot",
  queued: "bg-info-soft border border-info-dot",
  "retry-wait": "bg-warn-soft border border-dashed border-warn-dot",
  running: "bg-info-dot animate-pulse-soft",
  succeeded: "bg-ok-dot",
  failed: "bg-bad-dot",
  cancelled: "bg-idle-dot",
};
const SEGMENT_WORD: Record<SegmentKind, string> = {
  waiting: "waited for steps before it",
  queued: "queued for its turn",
  "retry-wait": "waited for the next try",
  running: "running",
  succeeded: "succeeded",
  failed: "failed",
  cancelled: "cancelled",
};

interface TimelineChartProps {
  readonly timeline: Timeline;
  readonly chosen: string | null;
  readonly onChoose: (dataset: string | null) => void;
}

const NAMES = "w-40 shrink-0 sm:w-72";

/** Steps over time. A step is a button that narrows the log to it; the table beside says the same in words. */
export function TimelineChart({ timeline, chosen, onChoose }: TimelineChartProps) {
  return (
    <div>
      <Legend />
      <div className="max-h-96 overflow-y-auto">
        <div className="relative pb-2">
          <Axis timeline={timeline} />
          <ul aria-label="Timeline of steps">
            {timeline.rows.map((row) => (
              <li key={row.dataset}>
                <StepBar
                  row={row}
                  chosen={chosen === row.dataset}
                  faded={chosen !== null && chosen !== row.dataset}
                  onClick={() => onChoose(chosen === row.dataset ? null : row.dataset)}
                />
              </li>
            ))}
          </ul>
        </div>
      </div>
    </div>
  );
}

function Axis({ timeline }: { readonly timeline: Timeline }) {
  return (
    <div aria-hidden className="sticky top-0 z-10 flex h-7 border-b border-line bg-surface pr-20 pl-4">
      <div className={NAMES} />
      <div className="relative flex-1">
        {timeline.ticks.map((tick) => (
          <span
            key={tick.seconds}
            className="num absolute top-1.5 text-2xs whitespace-nowrap text-fg-subtle"
            style={{ left: `${tick.left * 100}%` }}
          >
            {tick.seconds === 0 ? "0" : formatDuration(tick.seconds)}
          </span>
        ))}
      </div>
    </div>
  );
}

interface StepBarProps {
  readonly row: TimelineRow;
  readonly chosen: boolean;
  readonly faded: boolean;
  readonly onClick: () => void;
}

function StepBar({ row, chosen, faded, onClick }: StepBarProps) {
  const { label, icon: Icon, tone, spinning = false } = STEP_STATE_WORDS[row.state];
  const worked = row.segments.filter((segment) => segment.attempt !== null);
  const seconds = worked.reduce((sum, segment) => sum + segment.seconds, 0);
  return (
    <button
      type="button"
      aria-pressed={chosen}
      onClick={onClick}
      className={cx(
        "flex h-8 w-full items-center pr-20 pl-4 text-left outline-offset-[-2px] hover:bg-hover",
        chosen && "bg-accent-soft hover:bg-accent-soft",
      )}
    >
      <span className={cx("flex items-center gap-2 pr-3", NAMES)}>
        <Icon aria-hidden className={cx("size-3.5 shrink-0", TONE_ICON[tone], spinning && "animate-spin")} />
        <span className="truncate font-mono text-xs" title={row.dataset}>
          {row.dataset}
        </span>
        <span className="sr-only">
          {`, ${label.toLowerCase()}`}
          {worked.length === 0 ? "" : `, ${formatDuration(seconds)}`}
          {worked.length > 1 ? `, ${worked.length} attempts` : ""}: show its log lines
        </span>
      </span>
      <span className="relative h-4 min-w-0 flex-1">
        {row.segments.length === 0 ? (
          <span aria-hidden className="block text-2xs text-fg-subtle">
            {label.toLowerCase()}
          </span>
        ) : (
          row.segments.map((segment, index) => (
            <Bar
              key={`${segment.kind}:${index}`}
              segment={segment}
              faded={faded}
              last={index === row.segments.length - 1}
            />
          ))
        )}
      </span>
    </button>
  );
}

const TONE_ICON = { ok: "text-ok", warn: "text-warn", bad: "text-bad", info: "text-info", idle: "text-idle" } as const;

interface BarProps {
  readonly segment: TimelineSegment;
  readonly faded: boolean;
  /** The time stands behind the last one. */
  readonly last: boolean;
}

function Bar({ segment, faded, last }: BarProps) {
  const { kind, attempt, left, width, seconds } = segment;
  const words =
    attempt === null
      ? `${SEGMENT_WORD[kind]} ${formatDuration(seconds)}`
      : `attempt ${attempt} ${SEGMENT_WORD[kind]}, ${formatDuration(seconds)}`;
  return (
    <>
      <span
        title={words}
        className={cx("absolute top-0 h-4 min-w-[3px] rounded-[3px]", SEGMENT_CLASS[kind], faded && "opacity-40")}
        style={{ left: `${left * 100}%`, width: `${width * 100}%` }}
      />
      {last && attempt !== null ? (
        <span
          aria-hidden
          className="num absolute top-0 pl-1.5 text-2xs leading-4 whitespace-nowrap text-fg-muted"
          style={{ left: `${(left + width) * 100}%` }}
        >
          {formatDuration(seconds)}
        </span>
      ) : null}
    </>
  );
}

function Legend() {
  const kinds: readonly SegmentKind[] = [
    "waiting",
    "queued",
    "succeeded",
    "failed",
    "cancelled",
    "retry-wait",
    "running",
  ];
  const words = {
    waiting: "waiting for steps before it",
    queued: "queued",
    succeeded: "succeeded",
    failed: "failed attempt",
    cancelled: "cancelled",
    "retry-wait": "waiting to retry",
    running: "running",
  };
  return (
    <ul aria-label="Colours" className="flex flex-wrap gap-x-4 gap-y-1 px-4 pt-2.5 pb-1 text-2xs text-fg-muted">
      {kinds.map((kind) => (
        <li key={kind} className="flex items-center gap-1.5">
          <span
            aria-hidden
            className={cx("h-2.5 w-4 rounded-[3px]", SEGMENT_CLASS[kind].replace(" animate-pulse-soft", ""))}
          />
          {words[kind]}
        </li>
      ))}
    </ul>
  );
}
