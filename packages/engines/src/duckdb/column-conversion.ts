import { duckdbType } from "@nova/iceberg";

export interface Conversion {
  /** Typed value; null when the text does not fit. */
  readonly value: string;
  /** True for text that is no mistake but has no value in the type: it loads as null. Null when the type has none. */
  readonly special: string | null;
}

/**
 * SQL that turns a source's text into a column's type exactly: what would be rounded or wrapped is refused, not changed.
 * Decided per type: `infinity` dates and times load as null (Iceberg has no such value, and the row matters more), so does
 * `NaN` in a decimal; doubles keep NaN and infinity; 24:00:00 is refused; years outside DuckDB's range and BC are refused.
 */
export function conversion(text: string, type: string, sourceType: string): Conversion {
  const target = duckdbType(type);
  if (sourceType === "unix-seconds") return { value: `to_timestamp(TRY_CAST(${text} AS BIGINT))`, special: null };
  if (target.startsWith("DECIMAL(")) return decimalConversion(text, target);
  switch (target) {
    case "VARCHAR":
      return { value: text, special: null };
    case "INTEGER":
    case "BIGINT":
      // TRY_CAST rounds '1.5' to 2: only a fraction of zeros may go.
      return {
        value: `CASE WHEN contains(${text}, '.') OR contains(${text}, 'e-') THEN TRY_CAST(nullif(regexp_extract(${text}, '^([+-]?[0-9]+)\\.0*$', 1), '') AS ${target}) ELSE TRY_CAST(${text} AS ${target}) END`,
        special: null,
      };
    case "BLOB":
      return {
        value: `CASE WHEN starts_with(${text}, '\\x') AND regexp_full_match(substr(${text}, 3), '([0-9a-fA-F]{2})*') THEN unhex(substr(${text}, 3)) END`,
        special: null,
      };
    case "TIME":
      return {
        value: `CASE WHEN starts_with(${text}, '24:') THEN NULL ELSE TRY_CAST(${text} AS TIME) END`,
        special: null,
      };
    case "DATE":
    case "TIMESTAMP":
    case "TIMESTAMP WITH TIME ZONE":
      return {
        value: `CASE WHEN ends_with(${text}, 'infinity') THEN NULL ELSE TRY_CAST(${text} AS ${target}) END`,
        special: `ends_with(${text}, 'infinity')`,
      };
    default:
      return { value: `TRY_CAST(${text} AS ${target})`, special: null };
  }
}

function decimalConversion(text: string, target: string): Conversion {
  const scale = Number(/,(\d+)\)/.exec(target)?.[1] ?? "0");
  const digits = `length(rtrim(${text}, '0')) - strpos(${text}, '.')`;
  return {
    value: `CASE WHEN contains(${text}, '.') AND ${digits} > ${scale} THEN NULL ELSE TRY_CAST(${text} AS ${target}) END`,
    special: `${text} = 'NaN'`,
  };
}
