/** Quotes an identifier for DuckDB. */
export function ident(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a string literal for DuckDB. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

export function idents(names: readonly string[], prefix = ""): string {
  return names.map((name) => `${prefix}${ident(name)}`).join(", ");
}

/** A literal of `timestamptz` with millisecond precision. */
export function timestampLiteral(at: Date): string {
  return `TIMESTAMPTZ ${literal(at.toISOString())}`;
}
