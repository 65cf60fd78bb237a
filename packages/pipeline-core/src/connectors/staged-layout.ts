import type { DatasetColumn } from "../catalog/index.ts";
import { PLAIN_SHAPE, STAGED_SYSTEM_COLUMNS, type StagedRule, type StreamColumn, type StreamSchema } from "./model.ts";

/** A column of a staged dataset and where its value stands in the envelope. */
export interface StagedColumn extends DatasetColumn {
  /** The source's own name and type. */
  readonly sourceName: string;
  readonly sourceType: string;
  /** JSON pointer into the payload. */
  readonly path: string;
  /** Names under which rows from before a rename carry the value, newest first. */
  readonly former: readonly string[];
  /** What does not fit the type loads as null instead of being refused. */
  readonly lenient: boolean;
  /** A column of another type that the dataset has under this name makes way. */
  readonly replaces: boolean;
}

/** Name of the key column of streams without a key: a hash of the whole row. */
export const ROW_ID = "_row_id";

export interface StagedLayout {
  readonly columns: readonly StagedColumn[];
  /** Staged names of the key columns; `[ROW_ID]` for a stream without a key. */
  readonly key: readonly string[];
  /** JSON pointers of the key columns into the envelope's `key`; empty for a stream without a key. */
  readonly keyPaths: readonly string[];
  /** Rows whose envelope key lacks a key column tell it in the row: the key changed once. */
  readonly keyFromRow: boolean;
  /** Columns of the dataset that people decided to take out. */
  readonly removed: readonly string[];
}

/**
 * Names and places of a staged dataset's own columns. Names are lower case (Athena knows no other), other characters
 * become `_`, and a name that is taken gets `_2`, `_3` …; the source's order decides, so names are stable.
 */
export function stagedLayout(schema: StreamSchema): StagedLayout {
  const shape = schema.staged ?? PLAIN_SHAPE;
  const present = new Set(schema.columns.map((column) => column.name));
  const settled = Object.values(shape.columns).flatMap((rule) => (rule.as === undefined ? [] : [rule.as.name]));
  const taken = new Set<string>([
    ROW_ID,
    ...STAGED_SYSTEM_COLUMNS.map((column) => column.name),
    ...shape.kept.map((column) => column.stagedName),
    ...settled,
  ]);
  const columns = schema.columns.flatMap((column) => {
    const rule = shape.columns[column.name] ?? {};
    if (rule.skip === true) return [];
    const name = rule.as?.name ?? freeName(column.name, taken);
    return [stagedColumn(column, name, rule, present)];
  });
  for (const column of shape.kept)
    columns.push(stagedColumn(column, column.stagedName, { as: { name: "", former: column.former } }, present));
  const byName = new Map(columns.map((column) => [column.sourceName, column.name]));
  const sourceKey = shape.key ?? schema.key;
  const key = sourceKey.map((name) => byName.get(name) ?? name);
  const removed = shape.removed.filter((name) => !columns.some((column) => column.name === name));
  return key.length > 0
    ? { columns, key, keyPaths: sourceKey.map(pointer), keyFromRow: shape.keyFromRow, removed }
    : { columns, key: [ROW_ID], keyPaths: [], keyFromRow: false, removed };
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

function freeName(source: string, taken: Set<string>): string {
  const base = source
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, "_")
    .replace(/^(\d)/, "_$1");
  let name = base;
  for (let number = 2; taken.has(name); number += 1) name = `${base}_${number}`;
  taken.add(name);
  return name;
}

function stagedColumn(
  column: StreamColumn,
  name: string,
  rule: StagedRule,
  present: ReadonlySet<string>,
): StagedColumn {
  return {
    name,
    type: rule.type ?? column.type,
    description: column.description,
    pii: column.pii,
    sourceName: column.name,
    sourceType: column.sourceType,
    path: column.path ?? pointer(column.name),
    // A name that the stream has again means another column now.
    former: (rule.as?.former ?? []).filter((each) => !present.has(each)),
    lenient: rule.type !== undefined,
    replaces: rule.replace === true,
  };
}

/** RFC 6901. */
export function pointer(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
