import { IcebergError } from "../errors.ts";
import { placeAt, placeById } from "../schema/schema-path.ts";
import { partitionField, refuseNameTaken, type PartitionBy, type PartitionField } from "./partition-spec.ts";
import { currentSchema, type TableMetadata } from "./table-metadata.ts";

/** One step of a change of the partitioning (spec "Partition Evolution"). */
export type SpecStep =
  | ({ readonly step: "add" } & PartitionBy)
  | { readonly step: "remove"; readonly name: string }
  | { readonly step: "rename"; readonly name: string; readonly to: string };

/** The partition fields that new files get. */
export function defaultPartitionFields(metadata: TableMetadata): readonly PartitionField[] {
  return metadata["partition-specs"].find((spec) => spec["spec-id"] === metadata["default-spec-id"])?.fields ?? [];
}

/**
 * The metadata with the changed partitioning as default, or null when the steps change nothing. Files keep the spec they
 * were written under. A source and transform that any spec had before keep their field id, as v2 asks for; a spec the
 * table had before keeps its own.
 */
export function evolveSpec(metadata: TableMetadata, steps: readonly SpecStep[]): TableMetadata | null {
  const schema = currentSchema(metadata);
  let fields = [...defaultPartitionFields(metadata)];
  let lastId = metadata["last-partition-id"];
  const at = (name: string): PartitionField => {
    const found = fields.find((field) => field.name === name);
    if (!found)
      throw new IcebergError(
        "invalid-input",
        `the table has no partition field ${name}; it has ${fields.map((field) => field.name).join(", ") || "none"}`,
        { name },
      );
    return found;
  };
  for (const step of steps) {
    if (step.step === "remove") {
      const gone = at(step.name);
      fields = fields.filter((field) => field !== gone);
    } else if (step.step === "rename") {
      const field = at(step.name);
      const others = fields.filter((one) => one !== field);
      refuseNameTaken(schema, others, step.to, field.transform === "identity" ? field["source-id"] : null);
      fields = fields.map((one) => (one === field ? { ...one, name: step.to } : one));
    } else {
      const asked = partitionField(schema, fields, step);
      const same = (field: PartitionField): boolean =>
        field["source-id"] === asked["source-id"] && field.transform === asked.transform;
      const double = fields.find(same);
      if (double)
        throw new IcebergError(
          "invalid-input",
          `the table is partitioned by ${asked.transform} of ${step.column} already (${double.name})`,
          { name: double.name },
        );
      const before = metadata["partition-specs"].flatMap((spec) => spec.fields).find(same);
      fields.push({ ...asked, "field-id": before?.["field-id"] ?? (lastId += 1) });
    }
  }
  const shape = (list: readonly PartitionField[]): string =>
    JSON.stringify(list.map((field) => [field["source-id"], field["field-id"], field.name, field.transform]));
  const known = metadata["partition-specs"].find((spec) => shape(spec.fields) === shape(fields));
  if (known?.["spec-id"] === metadata["default-spec-id"]) return null;
  const id = known?.["spec-id"] ?? Math.max(...metadata["partition-specs"].map((spec) => spec["spec-id"])) + 1;
  return {
    ...metadata,
    "partition-specs": known
      ? metadata["partition-specs"]
      : [...metadata["partition-specs"], { "spec-id": id, fields }],
    "default-spec-id": id,
    "last-partition-id": lastId,
  };
}

/** `commit-conflict` when a name in the steps stands for something else than it did when the caller decided. */
export function refuseOtherSpec(planned: TableMetadata, newest: TableMetadata, steps: readonly SpecStep[]): void {
  const fieldId = (metadata: TableMetadata, name: string): number | undefined =>
    defaultPartitionFields(metadata).find((field) => field.name === name)?.["field-id"];
  for (const step of steps) {
    const name = step.step === "add" ? step.column : step.name;
    const [meant, now] =
      step.step === "add"
        ? [placeAt(currentSchema(planned), name)?.id, placeAt(currentSchema(newest), name)?.id]
        : [fieldId(planned, name), fieldId(newest, name)];
    if (meant !== undefined && meant !== now)
      throw new IcebergError(
        "commit-conflict",
        `${step.step === "add" ? "column" : "partition field"} ${name} was renamed, dropped or replaced by another commit; refresh the table and decide again`,
        { name },
      );
  }
}

/** Partition fields as callers give them, in order: the inverse of `buildSpec`. */
export function partitioningOf(metadata: TableMetadata): { name: string; column: string; transform: string }[] {
  const schema = currentSchema(metadata);
  return defaultPartitionFields(metadata).map((field) => {
    const place = placeById(schema, field["source-id"]);
    const names = place === null ? [] : [...place.above.map((id) => placeById(schema, id)?.name ?? ""), place.name];
    return { name: field.name, column: names.join("."), transform: field.transform };
  });
}
