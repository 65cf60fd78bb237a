import type { PiiRule, StreamColumn, StreamSchema } from "@nova/pipeline-core/connectors";

/** What of a field's description matters here. */
export interface DescribedField {
  readonly name: string;
  readonly label: string;
  readonly type: string;
  readonly nillable: boolean;
  readonly precision?: number;
  readonly scale?: number;
  readonly inlineHelpText?: string | null;
}

/** Compound and binary fields cannot be read in bulk; their parts are fields of their own. */
const UNREADABLE = new Set(["address", "location", "base64", "complexvalue"]);
const MAX_PRECISION = 38;

/** Fields of an object that capture reads, as a stream's schema. */
export function objectSchema(
  object: { name: string; label: string; fields: readonly DescribedField[] },
  piiRule: PiiRule,
): Omit<StreamSchema, "version"> {
  const columns = object.fields
    .filter((field) => !UNREADABLE.has(field.type))
    .map((field): StreamColumn => ({
      name: field.name,
      sourceType: field.type,
      type: icebergType(field),
      nullable: field.nillable,
      description: field.inlineHelpText ?? field.label,
      pii: piiRule(object.name, field.name),
    }));
  return { stream: object.name, description: `${object.label} records of Salesforce.`, key: ["Id"], columns };
}

function icebergType(field: DescribedField): string {
  switch (field.type) {
    case "boolean":
      return "boolean";
    case "int":
      return "int";
    case "long":
      return "long";
    case "date":
      return "date";
    case "datetime":
      return "timestamptz";
    case "currency":
    case "double":
    case "percent":
      return numberType(field.precision ?? 0, field.scale ?? 0);
    default:
      return "string";
  }
}

function numberType(precision: number, scale: number): string {
  return precision > 0 && precision <= MAX_PRECISION && scale >= 0 && scale <= precision
    ? `decimal(${precision},${scale})`
    : "double";
}

/**
 * A field of a REST record as the text that Bulk CSV has for it, so that both ways of reading give the same payload. Times
 * are ISO in UTC in both; REST writes the zone as +0000.
 */
export function fieldText(value: unknown): string | null {
  if (value === null || value === undefined || value === "") return null;
  switch (typeof value) {
    case "string":
      return value.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+0000$/, "$1Z");
    case "number":
    case "boolean":
      return String(value);
    default:
      return JSON.stringify(value);
  }
}
