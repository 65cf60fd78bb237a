import type { StreamSchema } from "./model.ts";

/** One difference between the schema we know of a stream and the one it has now. */
export interface SchemaChange {
  /** Empty for a change of the key. */
  readonly column: string;
  readonly change: "added" | "dropped" | "retyped" | "key";
  readonly from: string | null;
  readonly to: string | null;
}

type Shape = Pick<StreamSchema, "columns" | "key">;

/** What makes a new schema version: columns added, dropped or retyped, or another key. Descriptions and tags do not. */
export function diffSchema(before: Shape, after: Shape): SchemaChange[] {
  const was = new Map(before.columns.map((column) => [column.name, column.sourceType]));
  const is = new Map(after.columns.map((column) => [column.name, column.sourceType]));
  const changes: SchemaChange[] = [];
  for (const [column, to] of is) {
    const from = was.get(column);
    if (from === undefined) changes.push({ column, change: "added", from: null, to });
    else if (from !== to) changes.push({ column, change: "retyped", from, to });
  }
  for (const [column, from] of was) if (!is.has(column)) changes.push({ column, change: "dropped", from, to: null });
  const [keyWas, keyIs] = [before.key.join(", "), after.key.join(", ")];
  if (keyWas !== keyIs) changes.push({ column: "", change: "key", from: keyWas, to: keyIs });
  return changes;
}
