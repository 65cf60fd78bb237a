/**
 * Trino functions that neither DuckDB has nor the transpiler maps, as macros of the session. Each is executed by a golden
 * test; what is missing here and in DuckDB is refused when a model is loaded, never guessed.
 */
export const TRINO_MACROS: readonly string[] = [
  "array_join(items, separator) AS array_to_string(items, separator)",
  "sequence(first, last) AS generate_series(first, last)",
  "approx_percentile(value, share) AS approx_quantile(value, share)",
  "json_parse(text) AS CAST(text AS JSON)",
  "at_timezone(moment, zone) AS timezone(zone, moment)",
  "to_unixtime(moment) AS epoch(moment)",
  "url_extract_host(url) AS nullif(regexp_extract(url, '^[a-zA-Z][a-zA-Z0-9+.-]*://(?:[^@/]*@)?([^:/?#]+)', 1), '')",
  "url_extract_path(url) AS regexp_extract(url, '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*([^?#]*)', 1)",
  "map_agg(name, value) AS map_from_entries(list((name, value)))",
  "to_iso8601(moment) AS strftime(moment, '%Y-%m-%dT%H:%M:%S.%gZ')",
];

export function createMacrosSql(): string {
  return TRINO_MACROS.map((macro) => `CREATE OR REPLACE TEMP MACRO ${macro};`).join("\n");
}
