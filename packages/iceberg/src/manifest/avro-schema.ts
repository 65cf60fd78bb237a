import { parsePrimitive } from "../schema/primitive.ts";
import type { BoundSpec } from "../metadata/partition-spec.ts";

type Field = Record<string, unknown>;
const required = (id: number, name: string, type: unknown): Field => ({ name, type, "field-id": id });
const optional = (id: number, name: string, type: unknown): Field => ({
  name,
  type: ["null", type],
  default: null,
  "field-id": id,
});

/** Int-keyed maps are arrays of records with logicalType "map"; record names as Java writes them. */
const keyedMap = (keyId: number, valueId: number, value: string): unknown => ({
  type: "array",
  logicalType: "map",
  items: {
    type: "record",
    name: `k${keyId}_v${valueId}`,
    fields: [required(keyId, "key", "int"), required(valueId, "value", value)],
  },
});
const listOf = (elementId: number, items: string): unknown => ({ type: "array", items, "element-id": elementId });

/** The Avro form of a partition value (spec Appendix A, "Avro"). */
export function partitionAvroType(type: string, fieldId: number): unknown {
  const primitive = parsePrimitive(type);
  switch (primitive.kind) {
    case "boolean":
    case "int":
    case "long":
    case "float":
    case "double":
    case "string":
      return primitive.kind;
    case "date":
      return { type: "int", logicalType: "date" };
    case "time":
      return { type: "long", logicalType: "time-micros" };
    case "timestamp":
      return { type: "long", logicalType: "timestamp-micros", "adjust-to-utc": false };
    case "timestamptz":
      return { type: "long", logicalType: "timestamp-micros", "adjust-to-utc": true };
    case "uuid":
      return { type: "fixed", size: 16, logicalType: "uuid", name: `uuid_fixed_${fieldId}` };
    case "fixed":
      return { type: "fixed", size: primitive.length, name: `fixed_${primitive.length}_${fieldId}` };
    case "binary":
      return "bytes";
    case "decimal":
      return {
        type: "fixed",
        size: decimalSize(primitive.precision),
        logicalType: "decimal",
        precision: primitive.precision,
        scale: primitive.scale,
        name: `decimal_${primitive.precision}_${primitive.scale}_${fieldId}`,
      };
  }
}

/** Fewest bytes that hold every unscaled value of a precision. */
export function decimalSize(precision: number): number {
  let bytes = 1;
  while (2n ** BigInt(8 * bytes - 1) < 10n ** BigInt(precision)) bytes += 1;
  return bytes;
}

/** Names that Avro refuses are escaped as Java does: `_x` and the character's code. */
export function avroName(name: string): string {
  const escaped = [...name]
    .map((character) =>
      /[A-Za-z0-9_]/.test(character) ? character : `_x${character.codePointAt(0)?.toString(16).toUpperCase()}`,
    )
    .join("");
  return /^[0-9]/.test(escaped) ? `_${escaped}` : escaped;
}

/** manifest_entry of v2 for one partition spec (spec "Manifests"). Deprecated fields 105–107 and 111 are not written. */
export function manifestEntrySchema(spec: BoundSpec): unknown {
  const partition = {
    type: "record",
    name: "r102",
    fields: spec.fields.map((field) =>
      optional(field.fieldId, avroName(field.name), partitionAvroType(field.resultType, field.fieldId)),
    ),
  };
  const dataFile = {
    type: "record",
    name: "r2",
    fields: [
      required(134, "content", "int"),
      required(100, "file_path", "string"),
      required(101, "file_format", "string"),
      required(102, "partition", partition),
      required(103, "record_count", "long"),
      required(104, "file_size_in_bytes", "long"),
      optional(108, "column_sizes", keyedMap(117, 118, "long")),
      optional(109, "value_counts", keyedMap(119, 120, "long")),
      optional(110, "null_value_counts", keyedMap(121, 122, "long")),
      optional(137, "nan_value_counts", keyedMap(138, 139, "long")),
      optional(125, "lower_bounds", keyedMap(126, 127, "bytes")),
      optional(128, "upper_bounds", keyedMap(129, 130, "bytes")),
      optional(131, "key_metadata", "bytes"),
      optional(132, "split_offsets", listOf(133, "long")),
      optional(135, "equality_ids", listOf(136, "int")),
      optional(140, "sort_order_id", "int"),
      optional(143, "referenced_data_file", "string"),
    ],
  };
  return {
    type: "record",
    name: "manifest_entry",
    fields: [
      required(0, "status", "int"),
      optional(1, "snapshot_id", "long"),
      optional(3, "sequence_number", "long"),
      optional(4, "file_sequence_number", "long"),
      required(2, "data_file", dataFile),
    ],
  };
}

/** manifest_file of v2 (spec "Manifest Lists"). */
export const MANIFEST_FILE_SCHEMA: unknown = {
  type: "record",
  name: "manifest_file",
  fields: [
    required(500, "manifest_path", "string"),
    required(501, "manifest_length", "long"),
    required(502, "partition_spec_id", "int"),
    required(517, "content", "int"),
    required(515, "sequence_number", "long"),
    required(516, "min_sequence_number", "long"),
    required(503, "added_snapshot_id", "long"),
    required(504, "added_files_count", "int"),
    required(505, "existing_files_count", "int"),
    required(506, "deleted_files_count", "int"),
    required(512, "added_rows_count", "long"),
    required(513, "existing_rows_count", "long"),
    required(514, "deleted_rows_count", "long"),
    optional(507, "partitions", {
      type: "array",
      "element-id": 508,
      items: {
        type: "record",
        name: "r508",
        fields: [
          required(509, "contains_null", "boolean"),
          optional(518, "contains_nan", "boolean"),
          optional(510, "lower_bound", "bytes"),
          optional(511, "upper_bound", "bytes"),
        ],
      },
    }),
    optional(519, "key_metadata", "bytes"),
  ],
};

/**
 * Renames a writer's fields to `f<field-id>`, so that legacy names (`added_data_files_count`) and any order read alike.
 * Fields without an id keep their name and are not looked at.
 */
export function byFieldId(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(byFieldId);
  if (typeof schema !== "object" || schema === null) return schema;
  const node = schema as Record<string, unknown>;
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) {
    if (key === "logicalType" || key === "default") continue;
    if (key === "fields" && Array.isArray(value))
      out[key] = value.map((field: Record<string, unknown>) => {
        const id = field["field-id"];
        return { name: typeof id === "number" ? nameById(id) : field["name"], type: byFieldId(field["type"]) };
      });
    else out[key] = key === "type" || key === "items" || key === "values" ? byFieldId(value) : value;
  }
  return out;
}

const MAP_KEYS = new Set([117, 119, 121, 138, 126, 129]);
const MAP_VALUES = new Set([118, 120, 122, 139, 127, 130]);

/** Parts of the statistics maps get the names that our own type has, so that decoded maps are used as they are. */
function nameById(id: number): string {
  if (MAP_KEYS.has(id)) return "key";
  return MAP_VALUES.has(id) ? "value" : `f${id}`;
}
