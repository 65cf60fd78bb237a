import { IcebergError } from "../errors.ts";
import type { TableMetadata } from "../metadata/table-metadata.ts";
import type { Type } from "./schema.ts";

const verdicts = new WeakMap<TableMetadata["schemas"], string | null>();

/**
 * DuckDB matches top-level columns by field id but the parts of a struct by name. That is right as long as a nested
 * name has meant the same id all along; `unsupported-feature` when another writer renamed one or used a name again,
 * instead of a wrong answer.
 */
export function refuseRenamedNested(metadata: TableMetadata): void {
  let verdict = verdicts.get(metadata.schemas);
  if (verdict === undefined) verdicts.set(metadata.schemas, (verdict = renamed(metadata)));
  if (verdict !== null)
    throw new IcebergError(
      "unsupported-feature",
      `nested field ${verdict} was renamed or its name used again; compact the table with an engine that maps nested fields by id, then read it here`,
      { field: verdict },
    );
}

function renamed(metadata: TableMetadata): string | null {
  const nameOfId = new Map<number, string>();
  const idOfName = new Map<string, number>();
  let problem: string | null = null;
  const visit = (type: Type, parent: number): void => {
    if (typeof type === "string") return;
    if (type.type === "list") return visit(type.element, type["element-id"]);
    if (type.type === "map") {
      visit(type.key, type["key-id"]);
      return visit(type.value, type["value-id"]);
    }
    for (const field of type.fields) {
      const path = `${parent}.${field.name}`;
      if ((nameOfId.get(field.id) ?? field.name) !== field.name || (idOfName.get(path) ?? field.id) !== field.id)
        problem = field.name;
      nameOfId.set(field.id, field.name);
      idOfName.set(path, field.id);
      visit(field.type, field.id);
    }
  };
  for (const schema of metadata.schemas) for (const field of schema.fields) visit(field.type, field.id);
  return problem;
}
