"use client";

import type { RunLogRow } from "@nova/db/read-models";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowDownToLine } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Button } from "@/ui/button.tsx";
import { formatCount } from "@/ui/format.ts";
import { LogLine } from "./log-line.tsx";

interface LogLinesProps {
  readonly lines: readonly RunLogRow[];
  readonly running: boolean;
  /** Seq of the line a link points at. */
  readonly line: number | null;
  readonly onLine: (seq: number) => void;
  readonly earlier: boolean;
  readonly onEarlier: () => void;
  readonly loadingEarlier: boolean;
}

const LINE_HEIGHT = 28;
/** Closer than this to the end counts as at the end. */
const NEAR_END = 40;

/** Lines in a box of their own; only those in view are drawn. Follows the end until the reader scrolls up. */
export function LogLines({ lines, running, line, onLine, earlier, onEarlier, loadingEarlier }: LogLinesProps) {
  const box = useRef<HTMLDivElement>(null);
  const [following, setFollowing] = useState(running && line === null);
  /** The newest line when the reader left the end. */
  const [leftAt, setLeftAt] = useState<number | null>(null);
  const lastTop = useRef(0);
  const lastSeq = lines.at(-1)?.seq ?? 0;
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_HEIGHT,
    overscan: 12,
    getItemKey: (index) => lines[index]?.seq ?? index,
  });

  useEffect(() => {
    if (following) virtual.scrollToIndex(lines.length - 1, { align: "end" });
  }, [following, lines.length, lastSeq, virtual]);

  const target = line === null ? -1 : lines.findIndex((one) => one.seq === line);
  const shownTarget = useRef<number | null>(null);
  useEffect(() => {
    if (target < 0 || shownTarget.current === line) return;
    shownTarget.current = line;
    virtual.scrollToIndex(target, { align: "center" });
  }, [target, line, virtual]);

  function onScroll(): void {
    const element = box.current;
    if (element === null) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_END;
    const wentUp = element.scrollTop < lastTop.current - 2;
    lastTop.current = element.scrollTop;
    if (atEnd && running && !following && !wentUp) setFollowing(true);
    else if (!atEnd && following && wentUp) {
      setFollowing(false);
      setLeftAt(lastSeq);
    }
  }

  const fresh = following || leftAt === null ? 0 : lines.filter((one) => one.seq > leftAt).length;
  return (
    <div className="relative">
      {line !== null && target < 0 ? (
        <p role="status" className="border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn">
          The linked line is not among those shown: it is hidden by a filter{earlier ? " or further up" : ""}.
        </p>
      ) : null}
      <div
        ref={box}
        role="region"
        aria-label="Log lines"
        tabIndex={0}
        onScroll={onScroll}
        className="max-h-[560px] min-h-24 overflow-auto py-1 outline-offset-[-2px]"
      >
        {earlier ? (
          <div className="px-4 py-1">
            <Button size="sm" kind="ghost" busy={loadingEarlier} onClick={onEarlier}>
              Load earlier lines
            </Button>
          </div>
        ) : null}
        <ol aria-label="Log" className="relative" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map((item) => {
            const row = lines[item.index];
            return row === undefined ? null : (
              <li
                key={item.key}
                data-index={item.index}
                ref={virtual.measureElement}
                className="absolute top-0 left-0 w-full"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <LogLine row={row} linked={row.seq === line} onLink={() => onLine(row.seq)} />
              </li>
            );
          })}
        </ol>
      </div>
      {running && !following ? (
        <div className="absolute bottom-3 left-1/2 -translate-x-1/2 shadow-float">
          <Button size="sm" kind={fresh > 0 ? "primary" : "secondary"} onClick={() => setFollowing(true)}>
            {fresh > 0 ? (
              <ArrowDown aria-hidden className="size-3.5" />
            ) : (
              <ArrowDownToLine aria-hidden className="size-3.5" />
            )}
            {fresh > 0 ? `${formatCount(fresh)} new` : "Follow"}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
