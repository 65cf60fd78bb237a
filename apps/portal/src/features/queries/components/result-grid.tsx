"use client";

import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, LockKeyhole } from "lucide-react";
import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { toast } from "sonner";
import { cx } from "@/ui/class-names.ts";
import { Tooltip } from "@/ui/tooltip.tsx";
import { maskReason, type MaskedDataset } from "../masked-columns.ts";
import { columnWidths, isNumeric, type ResultSort, shortType, sortRows, valueText } from "../result-values.ts";
import { RowDialog } from "./row-dialog.tsx";

interface ResultGridProps {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly ResultValue[])[];
  readonly masked: readonly MaskedDataset[];
}

const ROW_HEIGHT = 28;

/** Rows as they came or sorted; only those in view are drawn. Arrows move, Enter opens the row, ⌘C copies the cell. */
export function ResultGrid({ columns, rows, masked }: ResultGridProps) {
  const box = useRef<HTMLDivElement>(null);
  const id = useId();
  const [sort, setSort] = useState<ResultSort | null>(null);
  const [active, setActive] = useState<{ row: number; column: number } | null>(null);
  const [open, setOpen] = useState<number | null>(null);
  const order = useMemo(() => sortRows(rows, columns, sort), [rows, columns, sort]);
  // By the first rows only: later pages must not move the columns.
  const sample = rows.length > 0;
  // eslint-disable-next-line react-hooks/exhaustive-deps -- measured once there is something to measure
  const widths = useMemo(() => columnWidths(columns, rows), [columns, sample]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
  });
  useEffect(() => {
    if (active !== null) virtual.scrollToIndex(active.row);
  }, [active, virtual]);

  const items = virtual.getVirtualItems();
  const above = items[0]?.start ?? 0;
  const below = virtual.getTotalSize() - (items.at(-1)?.end ?? 0);
  const cellId = (row: number, column: number): string => `${id}-${row}-${column}`;

  function onKeyDown(event: KeyboardEvent): void {
    const at = active ?? { row: 0, column: 0 };
    const last = { row: rows.length - 1, column: columns.length - 1 };
    const moved = move(event, at, last);
    if (moved !== null) {
      event.preventDefault();
      setActive(moved);
    } else if (event.key === "Enter" && active !== null) {
      event.preventDefault();
      setOpen(active.row);
    } else if ((event.metaKey || event.ctrlKey) && event.key === "c" && active !== null) {
      if ((window.getSelection()?.toString() ?? "") !== "") return;
      event.preventDefault();
      copyCell(rows[order[active.row] ?? -1]?.[active.column] ?? null);
    }
  }

  const openRow = open === null ? undefined : rows[order[open] ?? -1];
  return (
    <>
      <div ref={box} className="max-h-[max(280px,calc(100dvh-384px))] min-h-40 overflow-auto" role="presentation">
        <table
          // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-to-interactive-role -- the WAI-ARIA grid pattern on a real table
          role="grid"
          aria-label="Result"
          aria-rowcount={rows.length + 1}
          aria-activedescendant={active === null ? undefined : cellId(active.row, active.column)}
          tabIndex={0}
          onKeyDown={onKeyDown}
          className="table-fixed border-separate border-spacing-0 text-left text-xs outline-offset-[-2px]"
          style={{ width: widths.reduce((sum, width) => sum + width, 56) }}
        >
          <colgroup>
            <col style={{ width: 56 }} />
            {widths.map((width, index) => (
              <col key={index} style={{ width }} />
            ))}
          </colgroup>
          <thead>
            <tr aria-rowindex={1}>
              <th
                scope="col"
                className="sticky top-0 z-10 border-r border-b border-line bg-sunken px-2 text-right text-2xs font-normal text-fg-subtle"
              >
                <span className="sr-only">Row</span>#
              </th>
              {columns.map((column, index) => (
                <HeadCell
                  key={index}
                  column={column}
                  reason={maskReason(column.name, masked)}
                  direction={sort?.column === index ? (sort.descending ? "descending" : "ascending") : undefined}
                  onSort={() => setSort(nextSort(sort, index))}
                />
              ))}
            </tr>
          </thead>
          <tbody>
            {above > 0 ? <tr aria-hidden style={{ height: above }} /> : null}
            {items.map((item) => {
              const row = rows[order[item.index] ?? -1];
              return row === undefined ? null : (
                <tr key={item.key} aria-rowindex={item.index + 2} className="group" style={{ height: ROW_HEIGHT }}>
                  <td className="num border-r border-b border-line bg-sunken p-0 text-right text-2xs text-fg-subtle">
                    <button
                      type="button"
                      tabIndex={-1}
                      aria-label={`Open row ${item.index + 1}`}
                      onClick={() => setOpen(item.index)}
                      className="h-[27px] w-full px-2 text-right hover:bg-hover hover:text-fg"
                    >
                      {item.index + 1}
                    </button>
                  </td>
                  {columns.map((column, index) => (
                    <Cell
                      key={index}
                      id={cellId(item.index, index)}
                      value={row[index] ?? null}
                      numeric={isNumeric(column.type)}
                      active={active?.row === item.index && active.column === index}
                      onPick={() => setActive({ row: item.index, column: index })}
                      onOpen={() => setOpen(item.index)}
                    />
                  ))}
                </tr>
              );
            })}
            {below > 0 ? <tr aria-hidden style={{ height: below }} /> : null}
          </tbody>
        </table>
      </div>
      <RowDialog
        columns={columns}
        row={openRow ?? null}
        number={(open ?? 0) + 1}
        masked={masked}
        onClose={() => setOpen(null)}
      />
    </>
  );
}

interface HeadCellProps {
  readonly column: ResultColumn;
  readonly reason: string | null;
  readonly direction: "ascending" | "descending" | undefined;
  readonly onSort: () => void;
}

function HeadCell({ column, reason, direction, onSort }: HeadCellProps) {
  return (
    <th
      scope="col"
      aria-sort={direction}
      className={cx(
        "sticky top-0 z-10 border-r border-b border-line bg-sunken px-2 py-1 font-medium",
        isNumeric(column.type) && "text-right",
      )}
    >
      <span className={cx("flex items-center gap-1", isNumeric(column.type) && "justify-end")}>
        {reason === null ? null : (
          <Tooltip content={reason}>
            <span tabIndex={0} role="img" aria-label={reason} className="rounded-sm text-warn">
              <LockKeyhole aria-hidden className="size-3" />
            </span>
          </Tooltip>
        )}
        <button
          type="button"
          onClick={onSort}
          title={`Sort by ${column.name}`}
          className="inline-flex min-h-6 min-w-0 items-center gap-1 rounded-sm font-mono hover:underline"
        >
          <span className="truncate">{column.name}</span>
          {direction === "ascending" ? <ArrowUp aria-hidden className="size-3 shrink-0" /> : null}
          {direction === "descending" ? <ArrowDown aria-hidden className="size-3 shrink-0" /> : null}
        </button>
      </span>
      <span className="block truncate font-mono text-2xs font-normal text-fg-subtle" title={column.type}>
        {shortType(column.type).toLowerCase()}
      </span>
    </th>
  );
}

interface CellProps {
  readonly id: string;
  readonly value: ResultValue;
  readonly numeric: boolean;
  readonly active: boolean;
  readonly onPick: () => void;
  readonly onOpen: () => void;
}

function Cell({ id, value, numeric, active, onPick, onOpen }: CellProps) {
  const text = valueText(value);
  return (
    <td
      id={id}
      aria-selected={active}
      onClick={onPick}
      onDoubleClick={onOpen}
      className={cx(
        "truncate border-r border-b border-line px-2 font-mono group-hover:bg-hover",
        numeric && "num text-right",
        active && "shadow-[inset_0_0_0_2px_var(--accent)]",
      )}
    >
      {text === null ? (
        <span className="text-fg-subtle italic">null</span>
      ) : text === "" ? (
        <span className="text-fg-subtle italic">empty</span>
      ) : (
        text.slice(0, 300)
      )}
    </td>
  );
}

/** Ascending, then descending, then as it came. */
function nextSort(sort: ResultSort | null, column: number): ResultSort | null {
  if (sort?.column !== column) return { column, descending: false };
  return sort.descending ? null : { column, descending: true };
}

const STEPS: Readonly<Record<string, { row: number; column: number }>> = {
  ArrowDown: { row: 1, column: 0 },
  ArrowUp: { row: -1, column: 0 },
  ArrowRight: { row: 0, column: 1 },
  ArrowLeft: { row: 0, column: -1 },
  PageDown: { row: 20, column: 0 },
  PageUp: { row: -20, column: 0 },
};

function move(
  event: KeyboardEvent,
  at: { row: number; column: number },
  last: { row: number; column: number },
): { row: number; column: number } | null {
  if (event.key === "Home") return { row: event.ctrlKey ? 0 : at.row, column: 0 };
  if (event.key === "End") return { row: event.ctrlKey ? last.row : at.row, column: last.column };
  const step = STEPS[event.key];
  if (step === undefined) return null;
  const within = (value: number, most: number): number => Math.min(Math.max(0, value), Math.max(0, most));
  return { row: within(at.row + step.row, last.row), column: within(at.column + step.column, last.column) };
}

function copyCell(value: ResultValue): void {
  navigator.clipboard.writeText(valueText(value) ?? "").then(
    () => toast.success("Cell copied"),
    () => toast.error("Could not copy the cell", { description: "The browser did not allow it." }),
  );
}
