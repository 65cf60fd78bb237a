import type { DatasetColumn } from "../catalog/index.ts";
import { STAGED_SYSTEM_COLUMNS, type StreamColumn, type StreamSchema } from "./model.ts";

/** A column of a staged dataset and where its value stands in the envelope. */
export interface StagedColumn extends DatasetColumn {
  /** The source's own name and type. */
  readonly sourceName: string;
  readonly sourceType: string;
  /** JSON pointer into the payload. */
  readonly path: string;
}

/** Name of the key column of streams without a key: a hash of the whole row. */
export const ROW_ID = "_row_id";

export interface StagedLayout {
  readonly columns: readonly StagedColumn[];
  /** Staged names of the key columns; `[ROW_ID]` for a stream without a key. */
  readonly key: readonly string[];
  /** JSON pointers of the key columns into the envelope's `key`; empty for a stream without a key. */
  readonly keyPaths: readonly string[];
}

/**
 * Names and places of a staged dataset's own columns. Names are lower case (Athena knows no other), other characters
 * become `_`, and a name that is taken gets `_2`, `_3` …; the source's order decides, so names are stable.
 */
export function stagedLayout(schema: StreamSchema): StagedLayout {
  const taken = new Set<string>([ROW_ID, ...STAGED_SYSTEM_COLUMNS.map((column) => column.name)]);
  const columns = schema.columns.map((column) => stagedColumn(column, taken));
  const byName = new Map(columns.map((column) => [column.sourceName, column.name]));
  const key = schema.key.map((name) => byName.get(name) ?? name);
  return key.length > 0
    ? { columns, key, keyPaths: schema.key.map(pointer) }
    : { columns, key: [ROW_ID], keyPaths: [] };
}

/** All columns of a staged dataset as the catalog shows them. */
export function stagedDatasetColumns(schema: StreamSchema, kind: "append" | "merge"): DatasetColumn[] {
  const layout = stagedLayout(schema);
  const rowId: DatasetColumn[] =
    layout.keyPaths.length === 0 && kind === "merge"
      ? [
          {
            name: ROW_ID,
            type: "string",
            description: "Hash of the whole row: the source gives the table no key.",
            pii: "none",
          },
        ]
      : [];
  const own = layout.columns.map(({ name, type, description, pii }) => ({ name, type, description, pii }));
  return [...rowId, ...own, ...STAGED_SYSTEM_COLUMNS.map((column) => ({ ...column, pii: "none" as const }))];
}

function stagedColumn(column: StreamColumn, taken: Set<string>): StagedColumn {
  const base = column.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, "_")
    .replace(/^(\d)/, "_$1");
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
  taken.add(name);
  return {
    name,
    type: column.type,
    description: column.description,
    pii: column.pii,
    sourceName: column.name,
    sourceType: column.sourceType,
    path: column.path ?? pointer(column.name),
  };
}

/** RFC 6901. */
function pointer(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
