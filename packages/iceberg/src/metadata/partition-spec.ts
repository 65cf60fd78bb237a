import { IcebergError } from "../errors.ts";
import { fieldNamed, type Schema, type StructType } from "../schema/schema.ts";
import { parseTransform, resultType, type Transform } from "../values/transform.ts";

/** A partition spec as metadata JSON has it. */
export interface PartitionSpec {
  readonly "spec-id": number;
  readonly fields: readonly PartitionField[];
}
export interface PartitionField {
  readonly "source-id": number;
  readonly "field-id": number;
  readonly name: string;
  readonly transform: string;
}

/** A spec with its source columns resolved. */
export interface BoundSpec {
  readonly specId: number;
  readonly fields: readonly BoundPartitionField[];
}
export interface BoundPartitionField {
  readonly fieldId: number;
  readonly sourceId: number;
  readonly sourceName: string;
  readonly sourceType: string;
  readonly name: string;
  readonly transform: Transform;
  readonly resultType: string;
}

/** How callers ask for partitioning. */
export interface PartitionBy {
  readonly column: string;
  readonly transform:
    | "identity"
    | "hour"
    | "day"
    | "month"
    | "year"
    | "void"
    | `bucket[${number}]`
    | `truncate[${number}]`;
  readonly name?: string;
}

/** First id of a partition field (spec "Partition Specs"). */
export const FIRST_PARTITION_ID = 1000;

/** Builds spec `specId` over the schema's top-level columns. */
export function buildSpec(
  schema: StructType,
  specId: number,
  asked: readonly PartitionBy[],
  firstId = FIRST_PARTITION_ID,
): PartitionSpec {
  const names = new Set<string>();
  const fields = asked.map((one, index) => {
    const source = fieldNamed(schema, one.column);
    if (!source || typeof source.type !== "string")
      throw new IcebergError(
        "invalid-input",
        `cannot partition by ${one.column}: the table has no such column of a primitive type`,
        { column: one.column },
      );
    const transform = parseTransform(one.transform);
    resultType(transform, source.type);
    const name = one.name ?? defaultName(one.column, transform);
    const clash = fieldNamed(schema, name);
    if (names.has(name) || (clash && (transform.kind !== "identity" || clash.id !== source.id)))
      throw new IcebergError(
        "invalid-input",
        `partition field ${name} has the name of something else; give it another name`,
        { name },
      );
    names.add(name);
    return { "source-id": source.id, "field-id": firstId + index, name, transform: one.transform };
  });
  return { "spec-id": specId, fields };
}

function defaultName(column: string, transform: Transform): string {
  switch (transform.kind) {
    case "identity":
      return column;
    case "void":
      return `${column}_null`;
    case "truncate":
      return `${column}_trunc`;
    default:
      return `${column}_${transform.kind}`;
  }
}

/**
 * Resolves a spec's source columns. A source that was dropped meanwhile is looked up in the older schemas, newest first,
 * so that the partition tuples of old files still decode.
 */
export function bindSpec(spec: PartitionSpec, current: Schema, schemas: readonly Schema[]): BoundSpec {
  const order = [current, ...schemas.toReversed()];
  const fields = spec.fields.map((field) => {
    const source = order.flatMap((schema) => schema.fields).find((candidate) => candidate.id === field["source-id"]);
    if (!source || typeof source.type !== "string")
      throw new IcebergError(
        "metadata-invalid",
        `partition field ${field.name} points to column id ${field["source-id"]}, which no schema of the table has`,
        { field: field.name },
      );
    const transform = parseTransform(field.transform);
    return {
      fieldId: field["field-id"],
      sourceId: source.id,
      sourceName: source.name,
      sourceType: source.type,
      name: field.name,
      transform,
      resultType: resultType(transform, source.type),
    };
  });
  return { specId: spec["spec-id"], fields };
}
