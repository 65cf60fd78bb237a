import { parsePrimitive } from "../schema/primitive.ts";
import { valueFromText, type Comparable } from "./bound.ts";

/**
 * A filter literal as a comparable value of the column's type; null when its text is not plainly one (the engine then
 * decides by its own casting rules, and nothing is pruned).
 */
export function parseQuantity(type: string, text: string): Comparable | null {
  const primitive = parsePrimitive(type);
  switch (primitive.kind) {
    case "int":
    case "long":
      return /^[+-]?\d+$/.test(text) ? BigInt(text) : null;
    case "decimal":
      return new RegExp(`^[+-]?\\d+(\\.\\d{0,${primitive.scale}})?$`).test(text) ? valueFromText(type, text) : null;
    case "float":
      return null; // the literal is rounded to single precision by the engine only
    case "double": {
      const value = Number(text);
      return text.trim() === "" || Number.isNaN(value) ? null : value;
    }
    case "timestamp":
      return /Z|[+-]\d{2}(:?\d{2})?$/.test(text.slice(10)) && !text.endsWith("Z")
        ? null
        : valueFromText(type, withTime(text));
    case "timestamptz":
      // Without an offset the session's time zone decides: unknown here.
      return /(Z|[+-]\d{2}(:?\d{2})?)$/.test(text.slice(10)) ? valueFromText(type, text) : null;
    case "uuid":
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? valueFromText(type, text.toLowerCase()) : null;
    case "date":
    case "time":
    case "string":
      return valueFromText(type, text);
    case "boolean":
      return text === "true" || text === "false" ? text === "true" : null;
    case "binary":
    case "fixed":
      return null; // BLOB literals have escapes
  }
}

const withTime = (text: string): string => (/^\d{4,}-\d{2}-\d{2}$/.test(text) ? `${text} 00:00:00` : text);
