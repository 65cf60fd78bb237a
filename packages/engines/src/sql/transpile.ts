import { PlatformError } from "@nova/pipeline-core/kernel";
import { Dialect, transpile as polyglotTranspile } from "@polyglot-sql/sdk";

/** Where a text stands, so that a mistake in it can be named by file, line and column. */
export interface TextPlace {
  readonly path: string;
  /** Line of the file on which the text begins, from 1. */
  readonly firstLine: number;
}

/** Constructs that the transpiler lets through although DuckDB has no such thing. */
const UNSUPPORTED: readonly (readonly [RegExp, string])[] = [
  [/\bFOR\s+(TIMESTAMP|VERSION)\s+AS\s+OF\b/i, "time travel is not supported in models"],
  [/\bMATCH_RECOGNIZE\b/i, "MATCH_RECOGNIZE is not supported in models"],
  [/\bTABLESAMPLE\b/i, "sampling would make a model give another result each time"],
  [
    /\b(current_timestamp|current_date|now\s*\(\s*\)|random\s*\(|uuid\s*\(\s*\))/i,
    "a model must give the same result for the same input: no current time, no randomness",
  ],
];

/** Trino SQL as DuckDB SQL; `model-invalid` naming file, line and column otherwise. */
export function trinoToDuckdb(sql: string, place: TextPlace): string {
  for (const [pattern, reason] of UNSUPPORTED) {
    const match = pattern.exec(sql);
    if (match !== null)
      throw invalid(
        place,
        sql.slice(0, match.index).split("\n").length,
        match.index - sql.lastIndexOf("\n", match.index),
        reason,
      );
  }
  return boundTrinoToDuckdb(sql, place);
}

/** The same for SQL that was looked at before and now has values in it, which may be any text. */
export function boundTrinoToDuckdb(sql: string, place: TextPlace): string {
  const result = polyglotTranspile(sql, Dialect.Trino, Dialect.DuckDB);
  if (!result.success || result.sql === undefined || result.sql === null) {
    throw invalid(place, result.errorLine ?? 1, result.errorColumn ?? 1, result.error ?? "the SQL cannot be read");
  }
  if (result.sql.length !== 1) throw invalid(place, 1, 1, "exactly one SELECT is allowed");
  // Negative intervals come out as `INTERVAL -7 DAY`, which DuckDB cannot parse.
  return (result.sql[0] ?? "").replaceAll(/INTERVAL -(\d+) (\w+)/g, "INTERVAL (-$1) $2");
}

/** A Trino expression as a DuckDB expression. */
export function trinoExpressionToDuckdb(expression: string, place: TextPlace): string {
  return trinoToDuckdb(`SELECT ${expression}`, place).replace(/^SELECT /, "");
}

function invalid(place: TextPlace, line: number, column: number, message: string): PlatformError {
  return new PlatformError("model-invalid", `${place.path}:${place.firstLine + line - 1}:${column}: ${message}`, {
    detail: { path: place.path, line: place.firstLine + line - 1, column },
  });
}
