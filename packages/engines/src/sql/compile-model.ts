import type { ModelFile, ModelInput, ParameterValues } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { parse, Dialect, ast } from "@polyglot-sql/sdk";
import { bindParameters } from "./bind-parameters.ts";
import { boundTrinoToDuckdb, trinoExpressionToDuckdb, trinoToDuckdb } from "./transpile.ts";

/** An input with its SQL in DuckDB's dialect. */
export interface CompiledInput extends Omit<ModelInput, "key" | "via" | "filter"> {
  readonly name: string;
  readonly key: readonly string[] | null;
  readonly via: string | null;
  readonly filter: string | null;
}

export interface CompiledModel {
  readonly file: ModelFile;
  /** The Trino SELECT as Athena runs it; parameters are literals of their type. */
  readonly athena: string;
  /** DuckDB SELECT; inputs keep their names `layer.table`. */
  readonly select: string;
  readonly inputs: readonly CompiledInput[];
  /** Columns whose rows are recomputed together; empty for append and full models. */
  readonly refreshKey: readonly string[];
  /** DuckDB query of the check of its gate; null without one. */
  readonly gateCheck: string | null;
}

/**
 * Compiles a model, with `values` (canonical) in place of the defaults of its parameters. Throws `model-invalid` naming file and
 * line.
 */
export function compileModel(file: ModelFile, values: ParameterValues = {}): CompiledModel {
  const { header } = file;
  const place = { path: file.path, firstLine: file.sqlLine };
  const unbound = trinoToDuckdb(file.sql, place);
  const athena = bindParameters(file, values);
  const select = athena === file.sql ? unbound : boundTrinoToDuckdb(athena, place);
  const referenced = referencedTables(file.sql);
  const missing = referenced.filter((table) => header.inputs[table] === undefined);
  if (missing.length > 0)
    throw new PlatformError(
      "model-invalid",
      `${file.path}:${file.sqlLine}: reads ${missing.join(", ")}, which the header does not list under inputs`,
    );
  const unread = Object.keys(header.inputs).filter((input) => !referenced.includes(input));
  if (unread.length > 0)
    throw new PlatformError(
      "model-invalid",
      `${file.path}:${file.sqlLine}: lists ${unread.join(", ")} under inputs but does not read it`,
    );
  const inHeader = { path: file.path, firstLine: 1 };
  const inputs = Object.entries(header.inputs).map(([name, input]) => ({
    ...input,
    name,
    key: input.key?.map((expression) => trinoExpressionToDuckdb(expression, inHeader)) ?? null,
    via: input.via === undefined ? null : trinoToDuckdb(input.via, inHeader),
    filter: input.filter === undefined ? null : trinoExpressionToDuckdb(input.filter, inHeader),
  }));
  const check = header.gate?.check;
  if (check !== undefined) {
    const strangers = referencedTables(check.query).filter((table) => header.inputs[table] === undefined);
    if (strangers.length > 0)
      throw new PlatformError(
        "model-invalid",
        `${file.path}:1: the check of the gate reads ${strangers.join(", ")}, which is not among the inputs`,
      );
  }
  const gateCheck = check === undefined ? null : trinoToDuckdb(check.query, inHeader);
  const keyed = header.kind === "merge" || header.kind === "partitioned";
  return { file, athena, select, inputs, refreshKey: keyed ? (header.refresh_key ?? header.key ?? []) : [], gateCheck };
}

/** Datasets that a Trino query reads, as `layer.table`; names of its own CTEs left out. */
export function referencedTables(sql: string): string[] {
  const parsed = parse(sql, Dialect.Trino);
  if (!parsed.success) throw new PlatformError("model-invalid", parsed.error ?? "the SQL cannot be read");
  const found = new Set<string>();
  for (const statement of parsed.ast as Parameters<typeof ast.walk>[0][]) {
    ast.walk(statement, {
      enter: (node) => {
        const table = (node as { table?: { name?: { name: string }; schema?: { name: string } | null } }).table;
        if (table?.schema?.name !== undefined && table.name !== undefined)
          found.add(`${table.schema.name}.${table.name.name}`);
      },
    });
  }
  return [...found];
}
