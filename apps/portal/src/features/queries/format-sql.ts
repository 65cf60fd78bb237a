/** Lays SQL out; throws when it cannot be read, and the text stays as it is. Loaded when first asked for. */
export async function formatSql(sql: string): Promise<string> {
  const { duckdb, formatDialect } = await import("sql-formatter");
  return formatDialect(sql, { dialect: duckdb, keywordCase: "upper", tabWidth: 2, expressionWidth: 72 });
}
