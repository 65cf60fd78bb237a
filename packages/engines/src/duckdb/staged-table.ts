import type { Table } from "@nova/iceberg";
import { type DatasetColumn, splitDatasetName } from "@nova/pipeline-core/catalog";
import {
  mayPromote,
  sameType,
  stagedDatasetColumns,
  stagedLayout,
  type StreamSchema,
} from "@nova/pipeline-core/connectors";
import { asType, findTable, type Lake, typeOf, withConnection } from "./lake.ts";
import { ident, idents } from "./sql-text.ts";

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
    const table = await create(lake, dataset, wanted, kind, key);
    return { table, notes: [`table created with ${wanted.length} columns`] };
  }
  const evolved = await evolve(existing, wanted, schema);
  if (kind === "append" || sameNames(existing.key, key)) return evolved;
  const table = await keyAnew(lake, dataset, evolved.table, wanted, key);
  return { table, notes: [...evolved.notes, `keyed by ${key.join(", ")} from now on`] };
}

function create(
  lake: Lake,
  dataset: string,
  columns: readonly DatasetColumn[],
  kind: "append" | "merge",
  key: readonly string[],
): Promise<Table> {
  const { layer, table: name } = splitDatasetName(dataset);
  return lake.lakehouse.createTable(
    { namespace: layer, name },
    {
      schema: columns.map((column) => ({
        name: column.name,
        type: asType(column.type),
        doc: column.description,
        required: key.includes(column.name),
      })),
      // Rows of neighbouring keys stand together: a few changed keys are then found in a few row groups.
      ...(kind === "merge"
        ? { key, sortBy: key.map((column) => ({ column })) }
        : { partitionBy: [{ column: "_source_ts", transform: "hour" as const }] }),
      properties: { ...PROPERTIES, ...withoutBounds(columns) },
    },
  );
}

async function evolve(
  table: Table,
  wanted: readonly DatasetColumn[],
  schema: StreamSchema,
): Promise<{ table: Table; notes: string[] }> {
  const has = new Map(table.columns.map((column) => [column.name, typeOf(column)]));
  const { columns, removed } = stagedLayout(schema);
  const replaced = new Set(columns.filter((column) => column.replaces).map((column) => column.name));
  const notes: string[] = [];
  let update = table.updateSchema();
  let changed = false;
  for (const name of removed) {
    if (!has.has(name)) continue;
    update = update.dropColumn(name);
    notes.push(`column ${name} taken out, as decided`);
    changed = true;
  }
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
    } else if (replaced.has(column.name)) {
      update = update.dropColumn(column.name).addColumn(column.name, asType(column.type), { doc: column.description });
      notes.push(`column ${column.name} is ${column.type} instead of ${type} from now on, as decided`);
      changed = true;
    } else {
      notes.push(
        `column ${column.name} keeps its type ${type}: the source now sends ${column.type}; what does not fit is null`,
      );
    }
  }
  return { table: changed ? await update.commit() : table, notes };
}

/**
 * A key cannot change in place: the table is made anew with the rows it had, the newest of each new key. Called for an
 * accepted change only, which also reads the stream again: what a stop in the middle loses comes back with that.
 */
async function keyAnew(
  lake: Lake,
  dataset: string,
  old: Table,
  wanted: readonly DatasetColumn[],
  key: readonly string[],
): Promise<Table> {
  const known = new Set(old.columns.map((column) => column.name));
  const carried = wanted.map((column) => column.name).filter((name) => known.has(name));
  return withConnection(lake, async (connection) => {
    const complete = key.every((name) => known.has(name)) && old.currentSnapshotId !== null;
    if (complete) {
      const present = key.map((name) => `${ident(name)} IS NOT NULL`).join(" AND ");
      await connection.run(
        `CREATE TEMP TABLE carried AS SELECT ${idents(carried)} FROM ${await old.scan().toSql()} WHERE ${present}
         QUALIFY row_number() OVER (PARTITION BY ${idents(key)} ORDER BY _position DESC) = 1`,
      );
    }
    await lake.lakehouse.dropTable(old.identifier, { purge: true });
    const table = await create(lake, dataset, wanted, "merge", key);
    if (!complete) return table;
    const select = table.columns.map(({ name }) => (known.has(name) ? ident(name) : `NULL AS ${ident(name)}`));
    await lake.lakehouse.commit(
      await table.stageAppend({ connection, query: `SELECT ${select.join(", ")} FROM temp.carried` }),
    );
    return table.refresh();
  });
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** Personal values must not outlive their rows in the bounds that manifests keep. */
function withoutBounds(columns: readonly DatasetColumn[]): Record<string, string> {
  return Object.fromEntries(
    columns
      .filter((column) => column.pii === "direct")
      .map((column) => [`write.metadata.metrics.column.${column.name}`, "none"]),
  );
}
