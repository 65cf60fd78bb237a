import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { duckdbType } from "@nova/iceberg";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { z } from "zod";
import { type CompiledModel, createMacrosSql } from "../sql/index.ts";
import { firstRow, rowsOf } from "./rows.ts";
import { ident, idents, literal } from "./sql-text.ts";

/** Columns of an input as models see them: name → Iceberg type. */
export type InputColumns = Readonly<Record<string, string>>;

/** What a model reads of an input. */
export interface UsedOfInput {
  /** Columns that can make a difference to the model's rows, those that find its affected keys and narrow its inputs among them. */
  readonly columns: readonly string[];
  /** Those of a changed row that find the affected keys and narrow the inputs. */
  readonly finding: readonly string[];
}

/** By input. */
export type UsedColumns = ReadonlyMap<string, UsedOfInput>;

const known = new WeakMap<CompiledModel, { readonly of: string; readonly used: Promise<UsedColumns> }>();

/**
 * What a model reads of its inputs. The engine itself tells: it plans the model over empty tables with nothing but the removal
 * of unused columns switched on, so that a column is left out only when no row can depend on it. Asked once per model and
 * shape of its inputs.
 */
export function usedColumns(model: CompiledModel, inputs: ReadonlyMap<string, InputColumns>): Promise<UsedColumns> {
  const of = JSON.stringify([...inputs]);
  const answered = known.get(model);
  if (answered?.of === of) return answered.used;
  const used = plan(model, inputs);
  known.set(model, { of, used });
  return used;
}

async function plan(model: CompiledModel, inputs: ReadonlyMap<string, InputColumns>): Promise<UsedColumns> {
  // The optimizer's rules can only be switched off for a whole instance.
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    const rules = await rowsOf<{ name: string }>(connection, "SELECT name FROM duckdb_optimizers()");
    const off = rules.map((rule) => rule.name).filter((name) => name !== "unused_columns");
    await connection.run(`SET disabled_optimizers = ${literal(off.join(","))}`);
    await connection.run(createMacrosSql());
    for (const [name, columns] of inputs) {
      const [layer, table] = name.split(".") as [string, string];
      await connection.run(`CREATE SCHEMA IF NOT EXISTS ${ident(layer)}`);
      await connection.run(`CREATE TABLE ${ident(layer)}.${ident(table)} (${declared(columns)})`);
    }
    const refreshKey = Object.fromEntries(
      model.refreshKey.map((column) => [column, model.file.header.columns[column]?.type ?? "string"]),
    );
    if (model.refreshKey.length > 0) await connection.run(`CREATE TABLE affected (${declared(refreshKey)})`);
    const scanned = await scannedColumns(connection, model.select);
    for (const { name, filter } of model.inputs) {
      if (filter === null) continue;
      for (const [table, columns] of await scannedColumns(connection, `SELECT 1 FROM ${name} WHERE ${filter}`))
        scanned.set(table, new Set([...(scanned.get(table) ?? []), ...columns]));
    }
    const used = new Map<string, UsedOfInput>();
    for (const { name, key, via, range } of model.inputs) {
      const columns = inputs.get(name) ?? {};
      await connection.run(`CREATE OR REPLACE TABLE changed (${declared({ ...columns, _change_type: "string" })})`);
      const keys = key === null ? via : `SELECT ${key.join(", ")} FROM changed`;
      const ofKeys = keys === null ? null : (await scannedColumns(connection, keys)).get("main.changed");
      const finding = new Set([...(ofKeys ?? []), ...(range === undefined ? [] : [range.column])]);
      const all = new Set([...(scanned.get(name) ?? []), ...finding]);
      const among = (wanted: ReadonlySet<string>) => Object.keys(columns).filter((column) => wanted.has(column));
      used.set(name, { columns: among(all), finding: among(finding) });
    }
    return used;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

function declared(columns: InputColumns): string {
  return Object.entries(columns)
    .map(([name, type]) => `${ident(name)} ${duckdbType(type)}`)
    .join(", ");
}

const operatorSchema = z.object({
  extra_info: z
    .object({ Table: z.string().optional(), Projections: z.union([z.string(), z.array(z.string())]).optional() })
    .optional(),
  get children() {
    return z.array(operatorSchema).optional();
  },
});
type Operator = z.output<typeof operatorSchema>;

/** Columns that a query's plan reads, by `schema.table`. */
async function scannedColumns(connection: DuckDBConnection, select: string): Promise<Map<string, Set<string>>> {
  const explained = await firstRow<{ explain_value: string }>(connection, `EXPLAIN (FORMAT json) ${select}`);
  const found = new Map<string, Set<string>>();
  const walk = ({ extra_info: info, children = [] }: Operator): void => {
    if (info?.Table !== undefined) {
      const table = info.Table.split(".").slice(-2).join(".");
      const columns = found.get(table) ?? new Set<string>();
      for (const column of [info.Projections ?? []].flat()) if (column !== "") columns.add(column);
      found.set(table, columns);
    }
    for (const child of children) walk(child);
  };
  for (const operator of z.array(operatorSchema).parse(JSON.parse(explained.explain_value))) walk(operator);
  if (found.size === 0)
    throw new PlatformError("internal", "the engine's plan of a model names no table: its form has changed");
  return found;
}

/** Holds for rows of `netChangesSql` that are there now; the others are gone. */
export const CAME = "_came > 0";

/**
 * The changed rows that matter: an update that leaves the used columns alone takes away a row and brings the same one back,
 * as far as the model can see.
 */
export function netChangesSql(changes: string, used: readonly string[]): string {
  const columns = idents(used);
  const count = (kind: string): string => `count(*) FILTER (_change_type = ${literal(kind)})`;
  return `SELECT ${columns}, ${count("insert")} - ${count("delete")} AS _came FROM ${changes} GROUP BY ${columns} HAVING _came <> 0`;
}

/** The same without that: every row that came or went, for rows whose old version is not known but for what finds its keys. */
export function allChangesSql(changes: string, used: readonly string[]): string {
  return `SELECT ${idents(used)}, CASE _change_type WHEN 'insert' THEN 1 ELSE -1 END AS _came FROM ${changes}`;
}
