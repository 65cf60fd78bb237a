import { IcebergError } from "../errors.ts";
import { fieldNamed, type Schema, type StructType } from "../schema/schema.ts";
import { pathOf, placeAt, placeById } from "../schema/schema-path.ts";
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
  /** The source column, or the way to it through structs. */
  readonly sourcePath: readonly string[];
  readonly sourceType: string;
  readonly name: string;
  readonly transform: Transform;
  readonly resultType: string;
}

/** How callers ask for partitioning. */
export interface PartitionBy {
  /** A column, or a field of structs by its path. */
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

/** Builds spec `specId` over the schema's columns and fields of structs. */
export function buildSpec(
  schema: StructType,
  specId: number,
  asked: readonly PartitionBy[],
  firstId = FIRST_PARTITION_ID,
): PartitionSpec {
  const fields: PartitionField[] = [];
  for (const one of asked) fields.push({ ...partitionField(schema, fields, one), "field-id": firstId + fields.length });
  return { "spec-id": specId, fields };
}

/** A partition field as asked for, checked against the columns and the other fields of its spec; its id is still open. */
export function partitionField(
  schema: StructType,
  others: readonly PartitionField[],
  asked: PartitionBy,
): Omit<PartitionField, "field-id"> {
  const source = placeAt(schema, asked.column);
  if (!source || typeof source.type !== "string" || source.repeated)
    throw new IcebergError(
      "invalid-input",
      `cannot partition by ${asked.column}: the table has no such column of a primitive type outside of lists and maps`,
      { column: asked.column },
    );
  const transform = parseTransform(asked.transform);
  resultType(transform, source.type);
  const name = asked.name ?? defaultName(asked.column, transform);
  refuseNameTaken(schema, others, name, transform.kind === "identity" ? source.id : null);
  return { "source-id": source.id, name, transform: asked.transform };
}

/** Names of partition fields differ from each other and from columns, but for the one an identity field is a copy of. */
export function refuseNameTaken(
  schema: StructType,
  others: readonly PartitionField[],
  name: string,
  copyOf: number | null,
): void {
  const clash = fieldNamed(schema, name);
  if (name === "" || others.some((field) => field.name === name) || (clash && clash.id !== copyOf))
    throw new IcebergError(
      "invalid-input",
      `partition field ${name} has the name of something else; give it another name`,
      { name },
    );
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
    const schema = order.find((one) => placeById(one, field["source-id"]) !== null) ?? current;
    const source = placeById(schema, field["source-id"]);
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
      sourcePath: pathOf(schema, source),
      sourceType: source.type,
      name: field.name,
      transform,
      resultType: resultType(transform, source.type),
    };
  });
  return { specId: spec["spec-id"], fields };
}
