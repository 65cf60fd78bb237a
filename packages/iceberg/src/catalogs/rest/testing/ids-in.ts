import type { Type } from "../../../schema/schema.ts";

/** All field ids of a type, at every level. */
export function idsIn(type: Type): number[] {
  if (typeof type === "string") return [];
  switch (type.type) {
    case "struct":
      return type.fields.flatMap((field) => [field.id, ...idsIn(field.type)]);
    case "list":
      return [type["element-id"], ...idsIn(type.element)];
    case "map":
      return [type["key-id"], type["value-id"], ...idsIn(type.key), ...idsIn(type.value)];
  }
}
