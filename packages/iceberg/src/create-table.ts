import type { TableIdentifier } from "./catalogs/catalog.ts";
import { stateKey, type Context, type TableState } from "./context.ts";
import { IcebergError } from "./errors.ts";
import { encodeMetadata } from "./metadata/metadata-json.ts";
import { buildSpec, FIRST_PARTITION_ID, type PartitionBy } from "./metadata/partition-spec.ts";
import { buildSortFields, UNSORTED_ID, type SortBy } from "./metadata/sort-order.ts";
import type { TableMetadata } from "./metadata/table-metadata.ts";
import { asColumns, assignIds, idsAfter } from "./schema/assign-ids.ts";
import type { NestedField, SchemaColumn, StructType } from "./schema/schema.ts";

export interface CreateTableOptions {
  readonly schema: StructType | readonly SchemaColumn[];
  /** Identifier fields: columns that name a row. They become required. */
  readonly key?: readonly string[] | undefined;
  readonly partitionBy?: readonly PartitionBy[] | undefined;
  /** Order of the rows within files; `write.sort.enabled=false` turns it off without forgetting it. */
  readonly sortBy?: readonly SortBy[] | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
}

/** Writes the first metadata file of a table and registers it. */
export async function createTable(
  context: Context,
  identifier: TableIdentifier,
  options: CreateTableOptions,
): Promise<TableState> {
  checkName(identifier);
  const ids = idsAfter(0);
  const fields = withKey(assignIds(asColumns(options.schema), ids), options.key ?? []);
  if (fields.length === 0) throw new IcebergError("invalid-input", "a table needs at least one column");
  const keyIds = (options.key ?? []).map((name) => (fields.find((field) => field.name === name) as NestedField).id);
  const schema = {
    type: "struct" as const,
    "schema-id": 0,
    ...(keyIds.length > 0 ? { "identifier-field-ids": keyIds } : {}),
    fields,
  };
  const spec = buildSpec(schema, 0, options.partitionBy ?? []);
  const sortFields = buildSortFields(schema, options.sortBy ?? []);
  const unsorted = { "order-id": UNSORTED_ID, fields: [] };
  const tableUuid = context.uuid();
  const metadata: TableMetadata = {
    "format-version": 2,
    "table-uuid": tableUuid,
    // The uuid keeps a table that is dropped and created anew away from the files of its predecessor.
    location: `${context.warehouse}/${identifier.namespace.replaceAll(".", "/")}/${identifier.name}-${tableUuid.slice(0, 8)}`,
    "last-sequence-number": 0,
    "last-updated-ms": context.now(),
    "last-column-id": ids.last(),
    schemas: [schema],
    "current-schema-id": 0,
    "partition-specs": [spec],
    "default-spec-id": 0,
    "last-partition-id": FIRST_PARTITION_ID - 1 + spec.fields.length,
    properties: { ...options.properties },
    "current-snapshot-id": null,
    snapshots: [],
    "snapshot-log": [],
    "metadata-log": [],
    "sort-orders": sortFields.length === 0 ? [unsorted] : [unsorted, { "order-id": 1, fields: sortFields }],
    "default-sort-order-id": sortFields.length === 0 ? UNSORTED_ID : 1,
    refs: {},
    extra: {},
  };
  const state = await registered(context, identifier, metadata);
  context.heads.set(stateKey(identifier), state);
  return state;
}

async function registered(context: Context, identifier: TableIdentifier, metadata: TableMetadata): Promise<TableState> {
  if (context.catalog.kind === "service") {
    const served = await context.catalog.create(identifier, metadata);
    return { identifier, metadataLocation: served.metadataLocation, metadata: served.metadata };
  }
  const metadataLocation = `${metadata.location}/metadata/00000-${context.uuid()}.metadata.json`;
  await context.storage.create(metadataLocation, encodeMetadata(metadata));
  try {
    await context.catalog.register(identifier, metadataLocation);
  } catch (error) {
    await context.storage.delete(metadataLocation);
    throw error;
  }
  return { identifier, metadataLocation, metadata };
}

function checkName(id: TableIdentifier): void {
  const bad = [...id.namespace.split("."), id.name].find((part) => !/^[\p{L}\p{N}_][\p{L}\p{N}_ -]*$/u.test(part));
  if (bad !== undefined)
    throw new IcebergError(
      "invalid-input",
      `${JSON.stringify(bad)} is no name for a namespace or table; use letters, digits and underscores`,
      { ...id },
    );
}

/** Identifier fields are required and neither floats nor nested (spec "Identifier Field IDs"). */
function withKey(fields: NestedField[], key: readonly string[]): NestedField[] {
  for (const name of key) {
    const field = fields.find((candidate) => candidate.name === name);
    if (!field)
      throw new IcebergError("invalid-input", `key column ${name} is not among the columns`, { column: name });
    if (typeof field.type !== "string" || field.type === "float" || field.type === "double")
      throw new IcebergError("invalid-input", `key column ${name} cannot be a float, double or nested type`, {
        column: name,
      });
  }
  return fields.map((field) => (key.includes(field.name) ? { ...field, required: true } : field));
}
