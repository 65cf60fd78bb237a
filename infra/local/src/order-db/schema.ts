import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The modules of the order database, in an order in which every foreign key finds its table. One file each in `schema/`. */
export const MODULES = [
  "reference",
  "customers",
  "catalogue",
  "stores",
  "marketing",
  "sales",
  "payments",
  "inventory",
  "fulfilment",
  "returns",
  "finance",
  "suppliers",
  "loyalty",
  "support",
  "logistics",
  "hr",
] as const;

const OPENS_TABLE = /^CREATE TABLE (\S+) \( -- (.+)$/;
const COLUMN = /^ {2}("[^"]+"|[a-z_0-9]+) .*? -- (.+)$/;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * `COMMENT ON` statements for the remarks that stand behind tables and columns in a schema file, so that a
 * description is written once, next to what it describes. Tables carry their module: `sales: One row per order …`.
 */
export function commentStatements(sql: string, module: string): string[] {
  const statements: string[] = [];
  let table: string | null = null;
  for (const line of sql.split("\n")) {
    const opening = OPENS_TABLE.exec(line);
    if (opening !== null) {
      const [, name = "", remark = ""] = opening;
      table = name;
      statements.push(`COMMENT ON TABLE ${name} IS ${literal(`${module}: ${remark}`)}`);
    } else if (line.startsWith(")")) {
      table = null;
    } else if (table !== null) {
      const [, column = "", remark = ""] = COLUMN.exec(line) ?? [];
      if (remark !== "") statements.push(`COMMENT ON COLUMN ${table}.${column} IS ${literal(remark)}`);
    }
  }
  return statements;
}

/** One SQL text file of this folder. */
export function sqlFile(...path: string[]): string {
  return readFileSync(join(import.meta.dirname, ...path), "utf8");
}

/** DDL of all modules with their descriptions, as texts to execute in order. */
export function schemaStatements(): string[] {
  return MODULES.flatMap((module) => {
    const sql = sqlFile("schema", `${module}.sql`);
    return [sql, commentStatements(sql, module).join(";\n")];
  });
}
