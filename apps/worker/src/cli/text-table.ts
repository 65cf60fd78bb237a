export interface TextColumn<Row> {
  readonly title: string;
  readonly value: (row: Row) => string;
  /** Numbers stand on the right. */
  readonly right?: boolean;
}

/** Rows under aligned titles, two spaces between columns, nothing after the last. */
export function textTable<Row>(columns: readonly TextColumn<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map((column) => column.title),
    ...rows.map((row) => columns.map((column) => column.value(row))),
  ];
  const widths = columns.map((_column, index) => Math.max(...cells.map((line) => widthOf(line[index] ?? ""))));
  const lines = cells.map((line) =>
    line
      .map((cell, index) => {
        const gap = " ".repeat((widths[index] ?? 0) - widthOf(cell));
        return columns[index]?.right === true ? gap + cell : cell + gap;
      })
      .join("  ")
      .trimEnd(),
  );
  return lines.join("\n");
}

/** Cells a terminal uses, near enough: characters, not bytes. */
function widthOf(text: string): number {
  return [...text].length;
}

/** `4 s`, `3 min`, `2 h`, `5 d`; `–` for nothing. */
export function shortSpan(seconds: number | null): string {
  if (seconds === null) return "–";
  const size = Math.max(0, seconds);
  if (size < 120) return `${size < 10 ? Math.round(size * 10) / 10 : Math.round(size)} s`;
  if (size < 2 * 3_600) return `${Math.round(size / 60)} min`;
  if (size < 48 * 3_600) return `${Math.round(size / 3_600)} h`;
  return `${Math.round(size / 86_400)} d`;
}

export function count(value: number | null): string {
  return value === null ? "–" : value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 1 : 0 });
}
