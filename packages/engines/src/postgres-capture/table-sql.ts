import type { SourceTable } from "./catalog.ts";
import { quoteIdentifier, quoteLiteral } from "./session.ts";

/** Values of a table's key columns as text, by column. */
export type KeyValues = Readonly<Record<string, string>>;

export interface TableRows {
  readonly after: KeyValues | null;
  readonly only?: readonly KeyValues[] | null;
  /** Keys from here on, this one included. */
  readonly from?: KeyValues | null;
  readonly through?: KeyValues | null;
  readonly limit?: number;
  /** Lines begin with a mark: none is ever empty, and no value stands at the start of a file. */
  readonly marked?: boolean;
}

/** In key order, so that the last key of a chunk says where the next read goes on. `ONLY`: children are streams of their own. */
export function copySql(
  table: SourceTable,
  { after, only = null, from = null, through = null, limit, marked = false }: TableRows,
): string {
  const keyed = table.key.length > 0;
  const keys = table.key.map(quoteIdentifier).join(", ");
  const conditions: string[] = [];
  if (table.rowFilter !== null) conditions.push(`(${table.rowFilter})`);
  if (keyed && after !== null) conditions.push(`ROW(${keys}) > ROW(${keyLiterals(table, after)})`);
  else if (keyed && from !== null) conditions.push(`ROW(${keys}) >= ROW(${keyLiterals(table, from)})`);
  if (keyed && through !== null) conditions.push(`ROW(${keys}) <= ROW(${keyLiterals(table, through)})`);
  if (keyed && only !== null)
    conditions.push(`(${keys}) IN (VALUES ${only.map((key) => `(${keyLiterals(table, key)})`).join(", ")})`);
  const names = table.columns.map((column) => quoteIdentifier(column.name));
  const columns = [...(marked ? ["'-'"] : []), ...names].join(", ");
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const order = keyed ? ` ORDER BY ${keys}` : "";
  const most = keyed && limit !== undefined ? ` LIMIT ${limit}` : "";
  return `COPY (SELECT ${columns} FROM ${fromTable(table)}${where}${order}${most}) TO STDOUT`;
}

/** `ONLY`: children are streams of their own. */
export function fromTable(table: SourceTable): string {
  return `${table.partitioned ? "" : "ONLY "}${quoteIdentifier(table.schema)}.${quoteIdentifier(table.table)}`;
}

function keyLiterals(table: SourceTable, key: KeyValues): string {
  return table.key
    .map((name) => {
      const type = table.columns.find((column) => column.name === name)?.sourceType ?? "text";
      return `${quoteLiteral(key[name] ?? "")}::${type}`;
    })
    .join(", ");
}
