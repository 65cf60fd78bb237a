"use client";

import {
  type ColumnDef,
  flexRender,
  getCoreRowModel,
  getSortedRowModel,
  type SortingState,
  useReactTable,
} from "@tanstack/react-table";
import { ArrowDown, ArrowUp, ArrowUpDown } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react";
import { Button } from "./button.tsx";
import { cx } from "./class-names.ts";
import { formatCount } from "./format.ts";

declare module "@tanstack/react-table" {
  interface ColumnMeta<TData, TValue> {
    /** Numbers stand right. */
    readonly align?: "left" | "right";
    /** Left out on narrow screens. */
    readonly wideOnly?: boolean;
  }
}

/** `name` or `-name` (descending), as it stands in the URL; empty = the order given. */
export type SortText = string;

/** Rows that people choose to do something with. */
export interface RowSelection<Row> {
  readonly chosen: ReadonlySet<string>;
  readonly onChange: (chosen: ReadonlySet<string>) => void;
  /** Names the row to who cannot see it. */
  readonly nameOf: (row: Row) => string;
  /** Left out: every row can be chosen. */
  readonly canChoose?: (row: Row) => boolean;
}

interface DataTableProps<Row> {
  /** Says what the table lists. */
  readonly label: string;
  readonly rows: readonly Row[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- cells of one table differ in type
  readonly columns: readonly ColumnDef<Row, any>[];
  readonly rowKey: (row: Row) => string;
  readonly sort?: SortText;
  /** Given: heads of sortable columns are buttons, rows are sorted here. Put the text into the URL. */
  readonly onSort?: (sort: SortText) => void;
  /** Enter or a click on a row. Keep a real link in the first cell too. */
  readonly onOpen?: (row: Row) => void;
  /** Instead of rows when there are none. */
  readonly empty?: ReactNode;
  /** Scrolls inside itself beyond this height, with the head kept in view. */
  readonly maxHeight?: number;
  readonly dimmed?: boolean;
  /** Given: a box before each row, which `x` ticks too, and one for all of them. */
  readonly selection?: RowSelection<Row> | undefined;
}

/** A table with a `maxHeight` draws this many rows at first; the rest on demand, so that a long list costs no page. */
const DRAWN_FIRST = 20;

/** A real table: sortable heads, j/k or arrows between rows, Enter opens. */
export function DataTable<Row>({
  label,
  rows,
  columns,
  rowKey,
  sort = "",
  onSort,
  onOpen,
  empty,
  maxHeight,
  dimmed = false,
  selection,
}: DataTableProps<Row>) {
  // A new array at every render would make the table reset its state, and so render again, for ever.
  const sorting = useMemo<SortingState>(
    () => (sort === "" ? [] : [{ id: sort.replace(/^-/, ""), desc: sort.startsWith("-") }]),
    [sort],
  );
  const table = useReactTable({
    data: rows as Row[],
    columns: columns as ColumnDef<Row>[],
    state: { sorting },
    getRowId: rowKey,
    getCoreRowModel: getCoreRowModel(),
    getSortedRowModel: getSortedRowModel(),
    enableSorting: onSort !== undefined,
    sortUndefined: "last",
    autoResetAll: false,
  } as Parameters<typeof useReactTable<Row>>[0]);
  const [expanded, setExpanded] = useState(false);
  const all = table.getRowModel().rows;
  const shown = maxHeight === undefined || expanded ? all : all.slice(0, DRAWN_FIRST);
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>;
  return (
    <div
      role="region"
      aria-label={`${label}, table`}
      tabIndex={0}
      className="min-w-0 overflow-auto outline-offset-[-2px]"
      style={maxHeight === undefined ? undefined : { maxHeight }}
    >
      <table
        className={cx("w-full border-separate border-spacing-0 text-left transition-opacity", dimmed && "opacity-60")}
        aria-label={label}
        aria-rowcount={shown.length < all.length ? all.length + 1 : undefined}
      >
        <thead>
          {table.getHeaderGroups().map((group) => (
            <tr key={group.id}>
              {selection === undefined ? null : (
                <th scope="col" className="sticky top-0 z-10 h-9 w-8 border-b border-line bg-surface pl-4">
                  <ChooseAll
                    keys={shown.filter((row) => canChoose(selection, row.original)).map((row) => row.id)}
                    selection={selection}
                    what={label}
                  />
                </th>
              )}
              {group.headers.map((header) => {
                const { align = "left", wideOnly = false } = header.column.columnDef.meta ?? {};
                const direction = header.column.getIsSorted();
                const name = flexRender(header.column.columnDef.header, header.getContext());
                const sortable = onSort !== undefined && header.column.getCanSort();
                return (
                  <th
                    key={header.id}
                    scope="col"
                    aria-sort={direction === "asc" ? "ascending" : direction === "desc" ? "descending" : undefined}
                    className={cx(
                      "sticky top-0 z-10 h-9 border-b border-line bg-surface px-3 text-xs font-medium whitespace-nowrap text-fg-muted first:pl-4 last:pr-4",
                      align === "right" && "text-right",
                      wideOnly && "hidden md:table-cell",
                    )}
                  >
                    {sortable ? (
                      <button
                        type="button"
                        onClick={() => onSort(nextSort(header.column.id, direction))}
                        className="-mx-1 inline-flex h-7 items-center gap-1 rounded-sm px-1 hover:text-fg"
                      >
                        {name}
                        <SortMark direction={direction} />
                      </button>
                    ) : (
                      name
                    )}
                  </th>
                );
              })}
            </tr>
          ))}
        </thead>
        <tbody onKeyDown={moveBetweenRows}>
          {shown.map((row) => (
            <tr
              key={row.id}
              data-row
              tabIndex={onOpen === undefined ? undefined : 0}
              onClick={
                onOpen === undefined
                  ? undefined
                  : (event) => openUnlessInteractive(event.target, () => onOpen(row.original))
              }
              onKeyDown={
                onOpen === undefined
                  ? undefined
                  : (event) => {
                      if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
                        return;
                      if (event.key === "Enter") onOpen(row.original);
                      if (event.key === "x" && selection !== undefined && canChoose(selection, row.original))
                        toggle(selection, row.id);
                    }
              }
              className={cx("group outline-offset-[-2px] hover:bg-hover", onOpen !== undefined && "cursor-pointer")}
            >
              {selection === undefined ? null : (
                <td className="h-10 w-8 border-b border-line py-1.5 pl-4 group-last:border-b-0">
                  {canChoose(selection, row.original) ? (
                    <label className="flex size-6 items-center justify-center">
                      <input
                        type="checkbox"
                        aria-label={`Select ${selection.nameOf(row.original)}`}
                        checked={selection.chosen.has(row.id)}
                        onChange={() => toggle(selection, row.id)}
                      />
                    </label>
                  ) : null}
                </td>
              )}
              {row.getVisibleCells().map((cell) => {
                const { align = "left", wideOnly = false } = cell.column.columnDef.meta ?? {};
                return (
                  <td
                    key={cell.id}
                    className={cx(
                      "h-10 border-b border-line px-3 py-1.5 first:pl-4 last:pr-4 group-last:border-b-0",
                      align === "right" && "num text-right whitespace-nowrap",
                      wideOnly && "hidden md:table-cell",
                    )}
                  >
                    {flexRender(cell.column.columnDef.cell, cell.getContext())}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      {shown.length < all.length ? (
        <div className="flex justify-center border-t border-line p-2">
          <Button size="sm" kind="ghost" onClick={() => setExpanded(true)}>
            Show all {formatCount(all.length)}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function canChoose<Row>(selection: RowSelection<Row>, row: Row): boolean {
  return selection.canChoose === undefined || selection.canChoose(row);
}

function toggle({ chosen, onChange }: Pick<RowSelection<never>, "chosen" | "onChange">, key: string): void {
  onChange(chosen.has(key) ? new Set([...chosen].filter((other) => other !== key)) : new Set([...chosen, key]));
}

interface ChooseAllProps {
  readonly keys: readonly string[];
  readonly selection: Pick<RowSelection<never>, "chosen" | "onChange">;
  readonly what: string;
}

function ChooseAll({ keys, selection: { chosen, onChange }, what }: ChooseAllProps) {
  const all = keys.every((key) => chosen.has(key));
  return (
    <label className="flex size-6 items-center justify-center">
      <input
        type="checkbox"
        aria-label={`Select all ${what.toLowerCase()} shown`}
        checked={all}
        ref={(box) => {
          if (box !== null) box.indeterminate = !all && keys.some((key) => chosen.has(key));
        }}
        onChange={() => onChange(new Set(all ? [] : keys))}
      />
    </label>
  );
}

function SortMark({ direction }: { readonly direction: false | "asc" | "desc" }) {
  if (direction === "asc") return <ArrowUp aria-hidden className="size-3" />;
  if (direction === "desc") return <ArrowDown aria-hidden className="size-3" />;
  return <ArrowUpDown aria-hidden className="size-3 opacity-40" />;
}

/** Ascending, then descending, then the order given. */
function nextSort(column: string, direction: false | "asc" | "desc"): SortText {
  if (direction === false) return column;
  return direction === "asc" ? `-${column}` : "";
}

function openUnlessInteractive(target: EventTarget, open: () => void): void {
  const inside = target instanceof Element ? target.closest("a, button, input, time, label") : null;
  const selecting = (window.getSelection()?.toString() ?? "") !== "";
  if (inside === null && !selecting) open();
}

function moveBetweenRows(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const down = event.key === "ArrowDown" || event.key === "j";
  const up = event.key === "ArrowUp" || event.key === "k";
  if ((!down && !up) || !(event.target instanceof HTMLElement)) return;
  const row = event.target.closest("tr");
  const next = down ? row?.nextElementSibling : row?.previousElementSibling;
  if (!(next instanceof HTMLElement) || !next.matches("[data-row]")) return;
  event.preventDefault();
  next.focus();
}
