import { IcebergError } from "../errors.ts";
import type { StructType } from "./schema.ts";
import { placeAt, placeById } from "./schema-path.ts";

/**
 * Id of a column that may name a row (spec "Identifier Field IDs"): a required primitive, no float or double, in required
 * structs only and in no list or map. `schema-evolution` names the column and the reason.
 */
export function checkKey(schema: StructType, path: string): number {
  const refuse = (reason: string): IcebergError =>
    new IcebergError("schema-evolution", `key column ${path}: ${reason}`, { column: path });
  const place = placeAt(schema, path);
  if (!place) throw refuse("the table has no such column");
  if (typeof place.type !== "string" || place.type === "float" || place.type === "double")
    throw refuse("a key cannot be a float, double or nested type");
  if (place.repeated) throw refuse("a key cannot lie in a list or map");
  const optional = [...place.above.map((id) => placeById(schema, id)), place].find((one) => one?.required === false);
  if (optional)
    throw refuse(
      `${optional.name} is optional, and rows without it would have no name; make a new required column in a new table`,
    );
  return place.id;
}
