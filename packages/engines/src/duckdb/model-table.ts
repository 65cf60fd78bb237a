import type { Table } from "@nova/iceberg";
import { type ModelFile, splitDatasetName } from "@nova/pipeline-core/catalog";
import { mayPromote, sameType } from "@nova/pipeline-core/connectors";
import { asType, findTable, type Lake, typeOf } from "./lake.ts";

export const CODE_VERSION = "nova.code-version";

/**
 * The table of a model with the columns its header declares. New columns are added, wider types promoted; a change that
 * Iceberg cannot make in place starts the table anew, since a model's rows can always be computed again.
 */
export async function modelTable(
  lake: Lake,
  model: ModelFile,
): Promise<{ table: Table; rebuild: boolean; notes: string[] }> {
  const { layer, table: name } = splitDatasetName(model.name);
  const wanted = Object.entries(model.header.columns);
  const create = () =>
    lake.lakehouse.createTable(
      { namespace: layer, name },
      {
        schema: wanted.map(([column, { type, description, required }]) => ({
          name: column,
          type: asType(type),
          doc: description,
          required,
        })),
        ...(model.header.key === undefined
          ? {}
          : { key: model.header.key, sortBy: model.header.key.map((column) => ({ column })) }),
        ...(model.header.partition === undefined
          ? {}
          : { partitionBy: [{ column: model.header.partition.column, transform: model.header.partition.transform }] }),
        properties: {
          [CODE_VERSION]: model.codeVersion,
          "write.metadata.delete-after-commit.enabled": "true",
          "write.metadata.previous-versions-max": "20",
          ...Object.fromEntries(
            wanted
              .filter(([, column]) => column.pii === "direct")
              .map(([column]) => [`write.metadata.metrics.column.${column}`, "none"]),
          ),
        },
      },
    );
  const existing = await findTable(lake, model.name);
  if (existing === null) return { table: await create(), rebuild: true, notes: ["table created"] };
  if (existing.properties[CODE_VERSION] === model.codeVersion) return { table: existing, rebuild: false, notes: [] };
  const has = new Map(existing.columns.map((column) => [column.name, column]));
  const compatible =
    existing.key.join() ===
      (model.header.key ?? []).toSorted((a, b) => existing.key.indexOf(a) - existing.key.indexOf(b)).join() &&
    wanted.every(([column, { type, required }]) => {
      const old = has.get(column);
      return old === undefined
        ? !required
        : (sameType(typeOf(old), type) || mayPromote(typeOf(old), type)) && (old.required === true) === required;
    }) &&
    existing.columns.every((column) => model.header.columns[column.name] !== undefined);
  if (!compatible) {
    await lake.lakehouse.dropTable(existing.identifier, { purge: true });
    return { table: await create(), rebuild: true, notes: ["the model's columns or key changed: table created anew"] };
  }
  let update = existing.updateSchema();
  let changed = false;
  for (const [column, { type, description }] of wanted) {
    const old = has.get(column);
    if (old !== undefined && sameType(typeOf(old), type)) continue;
    update =
      old === undefined ? update.addColumn(column, asType(type), { doc: description }) : update.promote(column, type);
    changed = true;
  }
  return {
    table: changed ? await update.commit() : existing,
    rebuild: true,
    notes: ["the model's code changed: everything is computed again"],
  };
}

/** Remembers which code the rows come from; after the commit, so that a rebuild that failed is done again. */
export async function stampCodeVersion(table: Table, model: ModelFile): Promise<void> {
  if (table.properties[CODE_VERSION] !== model.codeVersion)
    await table.setProperties({ [CODE_VERSION]: model.codeVersion });
}
