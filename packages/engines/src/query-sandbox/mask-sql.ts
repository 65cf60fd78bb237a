import type { PiiTag } from "@nova/pipeline-core/catalog";

export interface ScannedColumn {
  readonly name: string;
  /** The engine's type text. */
  readonly type: string;
}

/** Quotes an identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * What a person without a grant sees of a column, in the column's own type.
 * - direct: text becomes `•••` and a pseudonym (equal values stay equal within an installation, so counting and joining
 *   work; the salt keeps guesses from being tried); everything else is empty.
 * - indirect: codes of up to three Latin letters or digits (country, currency) stay: a city or a name can be that short in
 *   other scripts; all other text, whole numbers and UUIDs become
 *   pseudonyms; dates keep their year, timestamps their month; everything else is empty.
 */
export function maskedColumn(column: ScannedColumn, pii: PiiTag, salt: string): string {
  const name = identifier(column.name);
  return `${maskedValue(name, column.type, pii, salt)} AS ${name}`;
}

/** The same for any SQL that names a value of that type. */
export function maskedValue(name: string, type: string, pii: PiiTag, salt: string): string {
  const seed = `${literal(salt)} || CAST(${name} AS VARCHAR)`;
  const empty = `CAST(NULL AS ${type})`;
  if (pii === "none") return name;
  if (type === "VARCHAR") {
    const pseudonym = `'•••' || left(sha256(${seed}), 10)`;
    return pii === "direct"
      ? `(${pseudonym})`
      : `CASE WHEN regexp_full_match(${name}, '[A-Za-z0-9]{0,3}') THEN ${name} ELSE ${pseudonym} END`;
  }
  if (pii === "direct") return empty;
  switch (type) {
    case "BIGINT":
      return `CAST(md5_number_lower(${seed}) >> 2 AS BIGINT)`;
    case "INTEGER":
      return `CAST(md5_number_lower(${seed}) >> 34 AS INTEGER)`;
    case "UUID":
      return `CAST(md5(${seed}) AS UUID)`;
    case "DATE":
      return `CAST(date_trunc('year', ${name}) AS DATE)`;
    case "TIMESTAMP":
    case "TIMESTAMP WITH TIME ZONE":
      return `date_trunc('month', ${name})`;
    default:
      return empty;
  }
}
