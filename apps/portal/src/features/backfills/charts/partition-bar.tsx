"use client";

import { type Day, dayNumber, dayOf, type DayRange } from "@nova/pipeline-core/orchestration";
import { type KeyboardEvent, type PointerEvent, useRef, useState } from "react";
import type { Tone, TonedWord } from "@/ui/tone.ts";
import { type BarSpan, dayAtShare, prepareBar, rangeBetween } from "./prepare-bar.ts";

interface PartitionBarProps<State extends string> {
  /** What the bar shows, in words, for those who do not see it. */
  readonly label: string;
  readonly spans: readonly BarSpan<State>[];
  readonly words: Readonly<Record<State, TonedWord>>;
  /** States, the one that needs a person most first. */
  readonly worst: readonly State[];
  /** Given: days can be chosen by dragging, or with the keys of the two handles. */
  readonly selection?: DayRange | null;
  readonly onSelect?: (range: DayRange | null) => void;
}

const FILL: Record<Tone, string> = {
  ok: "fill-ok-dot",
  warn: "fill-warn-dot",
  bad: "fill-bad-dot",
  info: "fill-info-dot",
  idle: "fill-idle-dot",
};
const STEP: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -30,
  PageUp: 30,
};

/** Days as a bar of spans, never of cells: a hundred thousand days cost what their changes of state do. */
export function PartitionBar<State extends string>({
  label,
  spans,
  words,
  worst,
  selection = null,
  onSelect,
}: PartitionBarProps<State>) {
  const bar = prepareBar(spans, worst);
  const frame = useRef<HTMLDivElement>(null);
  const [anchor, setAnchor] = useState<Day | null>(null);
  if (bar === null) return null;
  const { days, first, segments } = bar;
  const last = dayOf(dayNumber(first) + days - 1);
  const dayUnder = (event: PointerEvent): Day => {
    const box = frame.current?.getBoundingClientRect();
    return box === undefined ? first : dayAtShare((event.clientX - box.left) / box.width, first, days);
  };
  const drag =
    onSelect === undefined
      ? {}
      : {
          onPointerDown(event: PointerEvent<HTMLDivElement>) {
            event.currentTarget.setPointerCapture(event.pointerId);
            const day = dayUnder(event);
            setAnchor(day);
            onSelect({ from: day, to: day });
          },
          onPointerMove(event: PointerEvent) {
            if (anchor !== null) onSelect(rangeBetween(anchor, dayUnder(event)));
          },
          onPointerUp: () => setAnchor(null),
          onPointerCancel: () => setAnchor(null),
        };
  const share = (day: Day): number => ((dayNumber(day) - dayNumber(first)) / days) * 100;
  return (
    <div>
      <div
        ref={frame}
        {...drag}
        className={onSelect === undefined ? "relative h-6" : "relative h-10 cursor-crosshair touch-none"}
      >
        <svg
          role="img"
          aria-label={label}
          viewBox={`0 0 ${days} 1`}
          preserveAspectRatio="none"
          className="block size-full rounded-sm bg-sunken"
        >
          {segments.map(({ x, width, state, days: named }) => (
            <rect key={x} x={x} y={0} width={width} height={1} className={FILL[words[state].tone]}>
              <title>{`${named}: ${words[state].label.toLowerCase()}`}</title>
            </rect>
          ))}
        </svg>
        {selection === null || onSelect === undefined ? null : (
          <>
            <div
              className="pointer-events-none absolute inset-y-0 rounded-sm border-2 border-fg bg-fg/10"
              style={{
                left: `${share(selection.from)}%`,
                width: `max(3px, ${share(selection.to) - share(selection.from) + 100 / days}%)`,
              }}
            />
            <Handle
              name="First day"
              day={selection.from}
              bounds={{ from: first, to: last }}
              left={share(selection.from)}
              onMove={(day) => onSelect(rangeBetween(day, selection.to < day ? day : selection.to))}
            />
            <Handle
              name="Last day"
              day={selection.to}
              bounds={{ from: first, to: last }}
              left={share(selection.to) + 100 / days}
              onMove={(day) => onSelect(rangeBetween(selection.from > day ? day : selection.from, day))}
            />
          </>
        )}
      </div>
      <p className="num mt-1 flex justify-between text-2xs text-fg-muted">
        <span>{first}</span>
        <span>{last}</span>
      </p>
    </div>
  );
}

interface HandleProps {
  readonly name: string;
  readonly day: Day;
  readonly bounds: DayRange;
  readonly left: number;
  readonly onMove: (day: Day) => void;
}

/** One end of the selection, moved by arrow keys a day at a time, by page keys thirty. */
function Handle({ name, day, bounds, left, onMove }: HandleProps) {
  const [low, high] = [dayNumber(bounds.from), dayNumber(bounds.to)];
  const move = (event: KeyboardEvent): void => {
    const step = STEP[event.key];
    const target =
      event.key === "Home" ? low : event.key === "End" ? high : step === undefined ? null : dayNumber(day) + step;
    if (target === null) return;
    event.preventDefault();
    onMove(dayOf(Math.min(high, Math.max(low, target))));
  };
  return (
    <span
      role="slider"
      tabIndex={0}
      aria-label={name}
      aria-valuemin={low}
      aria-valuemax={high}
      aria-valuenow={dayNumber(day)}
      aria-valuetext={day}
      onKeyDown={move}
      className="absolute inset-y-0 -ml-1.5 w-3 rounded-sm"
      style={{ left: `${left}%` }}
    />
  );
}
