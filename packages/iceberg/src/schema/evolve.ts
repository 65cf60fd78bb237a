import { IcebergError } from "../errors.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import { currentSchema } from "../metadata/table-metadata.ts";
import { assignTypeIds, idsAfter } from "./assign-ids.ts";
import { canonicalPrimitive, canPromote } from "./primitive.ts";
import type { ColumnType, NestedField, Schema } from "./schema.ts";

/** One step of a schema change (spec "Schema Evolution"). Columns are top-level ones. */
export type SchemaStep =
  | {
      readonly step: "add";
      readonly name: string;
      readonly type: ColumnType;
      readonly doc?: string | undefined;
      readonly after?: string | null | undefined;
    }
  | { readonly step: "drop"; readonly name: string }
  | { readonly step: "rename"; readonly name: string; readonly to: string }
  | { readonly step: "promote"; readonly name: string; readonly type: string }
  | { readonly step: "make-optional"; readonly name: string }
  | { readonly step: "document"; readonly name: string; readonly doc: string }
  | { readonly step: "move"; readonly name: string; readonly after: string | null };

/** The metadata after the steps, or null when they change nothing. `schema-evolution` names the column and the reason. */
export function evolveSchema(metadata: TableMetadata, steps: readonly SchemaStep[]): TableMetadata | null {
  const before = currentSchema(metadata);
  const ids = idsAfter(metadata["last-column-id"]);
  const keyIds = new Set(before["identifier-field-ids"] ?? []);
  const partitionIds = new Set(
    metadata["partition-specs"]
      .filter((spec) => spec["spec-id"] === metadata["default-spec-id"])
      .flatMap((spec) => spec.fields.map((field) => field["source-id"])),
  );
  let fields = [...before.fields];
  const refuse = (name: string, reason: string): IcebergError =>
    new IcebergError("schema-evolution", `column ${name}: ${reason}`, { column: name });
  const at = (name: string): number => {
    const index = fields.findIndex((field) => field.name === name);
    if (index < 0) throw refuse(name, "the table has no such column");
    return index;
  };
  const free = (name: string): void => {
    if (name === "") throw refuse(name, "a column needs a name");
    if (fields.some((field) => field.name === name)) throw refuse(name, "the table has a column of that name already");
  };
  const replace = (name: string, change: (field: NestedField) => NestedField): void => {
    const index = at(name);
    fields[index] = change(fields[index] as NestedField);
  };
  const insert = (field: NestedField, after: string | null | undefined): void => {
    fields.splice(after === null ? 0 : after === undefined ? fields.length : at(after) + 1, 0, field);
  };
  for (const step of steps) {
    switch (step.step) {
      case "add": {
        free(step.name);
        // Always optional: rows written before have no value, and v2 has no defaults. A name used before gets a new id.
        const id = ids.next();
        insert(
          {
            id,
            name: step.name,
            required: false,
            type: assignTypeIds(step.type, ids),
            ...(step.doc === undefined ? {} : { doc: step.doc }),
          },
          step.after,
        );
        break;
      }
      case "drop": {
        const field = fields[at(step.name)] as NestedField;
        if (keyIds.has(field.id)) throw refuse(step.name, "it is part of the key and cannot be dropped");
        if (partitionIds.has(field.id))
          throw refuse(step.name, "the table is partitioned by it and it cannot be dropped");
        fields = fields.filter((candidate) => candidate !== field);
        if (fields.length === 0) throw refuse(step.name, "it is the last column of the table");
        break;
      }
      case "rename":
        if (step.to !== step.name) free(step.to);
        replace(step.name, (field) => ({ ...field, name: step.to }));
        break;
      case "promote":
        replace(step.name, (field) => {
          const type = canonicalPrimitive(step.type);
          if (typeof field.type !== "string" || !canPromote(field.type, type))
            throw refuse(
              step.name,
              `cannot become ${step.type}; allowed are int to long, float to double and a wider decimal of the same scale`,
            );
          return { ...field, type };
        });
        break;
      case "make-optional":
        replace(step.name, (field) => {
          if (keyIds.has(field.id)) throw refuse(step.name, "it is part of the key and must stay required");
          return { ...field, required: false };
        });
        break;
      case "document":
        replace(step.name, (field) => ({ ...field, doc: step.doc }));
        break;
      case "move": {
        const field = fields[at(step.name)] as NestedField;
        fields = fields.filter((candidate) => candidate !== field);
        insert(field, step.after);
        break;
      }
    }
  }
  return withSchema(metadata, { ...before, fields }, ids.last());
}

/** Makes a schema current; one the table had before keeps its id. */
function withSchema(metadata: TableMetadata, schema: Schema, lastColumnId: number): TableMetadata | null {
  const shape = (one: Schema): string => JSON.stringify([one.fields, one["identifier-field-ids"] ?? []]);
  const known = metadata.schemas.find((candidate) => shape(candidate) === shape(schema));
  if (known?.["schema-id"] === metadata["current-schema-id"]) return null;
  const id = known?.["schema-id"] ?? Math.max(...metadata.schemas.map((candidate) => candidate["schema-id"])) + 1;
  return {
    ...metadata,
    schemas: known ? metadata.schemas : [...metadata.schemas, { ...schema, "schema-id": id }],
    "current-schema-id": id,
    "last-column-id": Math.max(metadata["last-column-id"], lastColumnId),
  };
}
