import type { Table } from "@nova/iceberg";
import { type DatasetColumn, splitDatasetName } from "@nova/pipeline-core/catalog";
import { stagedDatasetColumns, type StreamSchema } from "@nova/pipeline-core/connectors";
import { asType, findTable, type Lake, typeOf } from "./lake.ts";

/** Widenings that Iceberg allows; everything else keeps the table's type (the drift item asks a person). */
export function mayPromote(from: string, to: string): boolean {
  if (from === "int" && to === "long") return true;
  if (from === "float" && to === "double") return true;
  const narrow = /^decimal\((\d+),(\d+)\)$/.exec(from.replaceAll(" ", ""));
  const wide = /^decimal\((\d+),(\d+)\)$/.exec(to.replaceAll(" ", ""));
  return narrow !== null && wide !== null && narrow[2] === wide[2] && Number(wide[1]) > Number(narrow[1]);
}

const PROPERTIES = {
  "write.metadata.delete-after-commit.enabled": "true",
  "write.metadata.previous-versions-max": "20",
} as const;

/** The staged table of a stream: created when new, widened when the stream gained columns or wider types. */
export async function stagedTable(
  lake: Lake,
  dataset: string,
  schema: StreamSchema,
  kind: "append" | "merge",
  key: readonly string[],
): Promise<{ table: Table; notes: string[] }> {
  const wanted = stagedDatasetColumns(schema, kind);
  const existing = await findTable(lake, dataset);
  if (existing === null) {
    const { layer, table: name } = splitDatasetName(dataset);
    const table = await lake.lakehouse.createTable(
      { namespace: layer, name },
      {
        schema: wanted.map((column) => ({
          name: column.name,
          type: asType(column.type),
          doc: column.description,
          required: key.includes(column.name),
        })),
        ...(kind === "merge" ? { key } : { partitionBy: [{ column: "_source_ts", transform: "hour" as const }] }),
        properties: { ...PROPERTIES, ...withoutBounds(wanted) },
      },
    );
    return { table, notes: [`table created with ${wanted.length} columns`] };
  }
  return evolve(existing, wanted);
}

async function evolve(table: Table, wanted: readonly DatasetColumn[]): Promise<{ table: Table; notes: string[] }> {
  const has = new Map(table.columns.map((column) => [column.name, typeOf(column)]));
  const notes: string[] = [];
  let update = table.updateSchema();
  let changed = false;
  for (const column of wanted) {
    const type = has.get(column.name);
    if (type === undefined) {
      update = update.addColumn(column.name, asType(column.type), { doc: column.description });
      notes.push(`column ${column.name} added`);
      changed = true;
    } else if (sameType(type, column.type)) {
      continue;
    } else if (mayPromote(type, column.type)) {
      update = update.promote(column.name, column.type);
      notes.push(`column ${column.name} widened from ${type} to ${column.type}`);
      changed = true;
    } else {
      notes.push(
        `column ${column.name} keeps its type ${type}: the source now sends ${column.type}; what does not fit is null`,
      );
    }
  }
  return { table: changed ? await update.commit() : table, notes };
}

export function sameType(left: string, right: string): boolean {
  return left.replaceAll(" ", "") === right.replaceAll(" ", "");
}

/** Personal values must not outlive their rows in the bounds that manifests keep. */
function withoutBounds(columns: readonly DatasetColumn[]): Record<string, string> {
  return Object.fromEntries(
    columns
      .filter((column) => column.pii === "direct")
      .map((column) => [`write.metadata.metrics.column.${column.name}`, "none"]),
  );
}
