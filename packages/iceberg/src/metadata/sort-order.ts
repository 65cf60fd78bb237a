import { IcebergError } from "../errors.ts";
import { columnSql } from "../schema/duckdb-type.ts";
import type { StructType } from "../schema/schema.ts";
import { pathOf, placeAt, placeById } from "../schema/schema-path.ts";
import { parseTransform, resultType, transformSql } from "../values/transform.ts";
import type { PartitionBy } from "./partition-spec.ts";
import { currentSchema, type SortOrder, type TableMetadata } from "./table-metadata.ts";

/** How callers ask for an order of the rows within files. */
export interface SortBy {
  /** A column, or a field of structs by its path. */
  readonly column: string;
  /** Default identity. */
  readonly transform?: PartitionBy["transform"] | undefined;
  /** Default asc. */
  readonly direction?: "asc" | "desc" | undefined;
  /** Default first when ascending and last when descending, as in the spec's reference implementation. */
  readonly nulls?: "first" | "last" | undefined;
}

/** Order id of files that are not sorted (spec "Sort Orders"). */
export const UNSORTED_ID = 0;

/** Builds a sort order's fields; `invalid-input` names a column that cannot be sorted by. */
export function buildSortFields(schema: StructType, asked: readonly SortBy[]): SortOrder["fields"] {
  return asked.map((one) => {
    const source = placeAt(schema, one.column);
    if (!source || typeof source.type !== "string" || source.repeated)
      throw new IcebergError(
        "invalid-input",
        `cannot sort by ${one.column}: the table has no such column of a primitive type outside of lists and maps`,
        { column: one.column },
      );
    const transform = one.transform ?? "identity";
    resultType(parseTransform(transform), source.type);
    const direction = one.direction ?? "asc";
    const nulls = one.nulls ?? (direction === "asc" ? "first" : "last");
    return { transform, "source-id": source.id, direction, "null-order": `nulls-${nulls}` };
  });
}

/** Metadata with a default sort order, or null when it has it already; no fields = unsorted. An order used before keeps its id. */
export function withSortOrder(metadata: TableMetadata, asked: readonly SortBy[]): TableMetadata | null {
  const fields = buildSortFields(currentSchema(metadata), asked);
  const shape = (list: SortOrder["fields"]): string =>
    JSON.stringify(list.map((one) => [one["source-id"], one.transform, one.direction, one["null-order"]]));
  const known = metadata["sort-orders"].find((order) => shape(order.fields) === shape(fields));
  if (known?.["order-id"] === metadata["default-sort-order-id"]) return null;
  const id =
    known?.["order-id"] ??
    (fields.length === 0 ? UNSORTED_ID : Math.max(0, ...metadata["sort-orders"].map((order) => order["order-id"])) + 1);
  return {
    ...metadata,
    "sort-orders": known ? metadata["sort-orders"] : [...metadata["sort-orders"], { "order-id": id, fields }],
    "default-sort-order-id": id,
  };
}

/** The default sort order with the expressions that sort by it, or null for an unsorted table. */
export function sortOrderSql(metadata: TableMetadata): { orderId: number; sql: string } | null {
  const order = metadata["sort-orders"].find((one) => one["order-id"] === metadata["default-sort-order-id"]);
  if (!order || order.fields.length === 0) return null;
  const schema = currentSchema(metadata);
  const terms = order.fields.map((field) => {
    const place = placeById(schema, field["source-id"]);
    if (!place || typeof place.type !== "string")
      throw new IcebergError(
        "metadata-invalid",
        `sort order ${order["order-id"]} points to column id ${field["source-id"]}, which the schema does not have; replace the sort order`,
        { orderId: order["order-id"] },
      );
    const value = transformSql(parseTransform(field.transform), columnSql(pathOf(schema, place)), place.type);
    return `${value} ${field.direction === "asc" ? "ASC" : "DESC"} ${field["null-order"] === "nulls-first" ? "NULLS FIRST" : "NULLS LAST"}`;
  });
  return { orderId: order["order-id"], sql: terms.join(", ") };
}
