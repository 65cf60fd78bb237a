import {
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBConnection,
  type DuckDBType,
} from "@duckdb/node-api";
import { parenthesised } from "../engine.ts";
import { IcebergError } from "../errors.ts";
import type { Schema, Type } from "../schema/schema.ts";

/**
 * `schema-mismatch` when a query returns a struct with a field the table does not have, at any depth: the engine's cast
 * would drop its values silently. Tables without nested columns are not looked at.
 */
export async function refuseUnknownParts(connection: DuckDBConnection, schema: Schema, sql: string): Promise<void> {
  if (schema.fields.every((field) => typeof field.type === "string")) return;
  const prepared = await connection.prepare(`SELECT * FROM ${parenthesised(sql)}`);
  try {
    for (let index = 0; index < prepared.columnCount; index += 1) {
      const field = schema.fields.find((one) => one.name === prepared.columnName(index));
      if (field) compare(field.type, prepared.columnType(index), field.name);
    }
  } finally {
    prepared.destroySync();
  }
}

function compare(type: Type, given: DuckDBType, path: string): void {
  if (typeof type === "string") return;
  if (type.type === "list" && given instanceof DuckDBListType) {
    compare(type.element, given.valueType, `${path}.element`);
  } else if (type.type === "map" && given instanceof DuckDBMapType) {
    compare(type.key, given.keyType, `${path}.key`);
    compare(type.value, given.valueType, `${path}.value`);
  } else if (type.type === "struct" && given instanceof DuckDBStructType) {
    for (const [index, name] of given.entryNames.entries()) {
      const field = type.fields.find((one) => one.name.toLowerCase() === name.toLowerCase());
      if (!field)
        throw new IcebergError(
          "schema-mismatch",
          `the query returns ${path}.${name}, which the table does not have; add the field or leave it out`,
          { unknown: [`${path}.${name}`] },
        );
      compare(field.type, given.entryTypes[index] as DuckDBType, `${path}.${field.name}`);
    }
  }
}
