import { ROW_ID, type StagedLayout } from "@nova/pipeline-core/connectors";
import { conversion } from "./column-conversion.ts";
import { ident, idents, literal } from "./sql-text.ts";

/** A staged column as the merge sees it: the type is the table's, which may be older than the stream's schema. */
export interface EventColumn {
  readonly name: string;
  readonly type: string;
  readonly sourceName: string;
  readonly sourceType: string;
  readonly path: string;
  /** The stream now declares a type the table cannot take: text that does not fit loads as null instead of being refused. */
  readonly lenient: boolean;
}

export interface EventShape {
  readonly columns: readonly EventColumn[];
  readonly key: readonly string[];
  readonly keyPaths: readonly string[];
}

export function eventShape(layout: StagedLayout, tableTypes: ReadonlyMap<string, string>): EventShape {
  const columns = layout.columns.map((column) => {
    const type = tableTypes.get(column.name) ?? column.type;
    return { ...column, type, lenient: type !== column.type };
  });
  return { columns, key: layout.key, keyPaths: layout.keyPaths };
}

/** Names of all value columns of a staged row, key of keyless streams included. */
export function valueColumns(shape: EventShape): string[] {
  const own = shape.columns.map((column) => column.name);
  return shape.keyPaths.length === 0 && shape.key.includes(ROW_ID) ? [ROW_ID, ...own] : own;
}

/**
 * One typed row per event of a stream: value columns, then `@op, @position, @source_ts, @ingested_at, @unchanged, @payload`
 * and `@refused`, the source names of columns whose text does not fit (empty list when all fit). The `@` keeps the
 * envelope's fields apart from a source's columns, which may well be called `position`. Every payload is parsed once.
 */
export function typedEventsSql(relation: string, stream: string, shape: EventShape): string {
  const keyed = shape.keyPaths.length > 0;
  const keyless = !keyed && shape.key.includes(ROW_ID);
  const paths = shape.columns.map((column) => literal(column.path)).join(", ");
  const keyPaths = shape.keyPaths.map(literal).join(", ");
  const events = keyless
    ? keylessEvents(relation, stream)
    : `SELECT * FROM ${relation} WHERE stream = ${literal(stream)} AND op <> 't'`;
  const parsed = [
    `op AS "@op", position AS "@position", source_ts AS "@source_ts", ingested_at AS "@ingested_at", payload AS "@payload"`,
    `CASE WHEN unchanged IS NULL THEN NULL ELSE from_json(unchanged, '["VARCHAR"]') END AS "@unchanged"`,
    `CASE WHEN payload IS NULL THEN NULL ELSE json_extract_string(payload, [${paths}]) END AS "@values"`,
    ...(keyed ? [`json_extract_string(key, [${keyPaths}]) AS "@keys"`] : []),
    ...(keyless ? [`md5(coalesce(payload, key)) AS ${ident(ROW_ID)}`] : []),
  ];
  const values: string[] = [];
  const refused: string[] = [];
  shape.columns.forEach((column, index) => {
    const keyIndex = shape.key.indexOf(column.name);
    const isKey = keyIndex >= 0;
    const text = keyed && isKey ? `"@keys"[${keyIndex + 1}]` : `"@values"[${index + 1}]`;
    const { value, special } = conversion(text, column.type, column.sourceType);
    const name = ident(column.name);
    values.push(`${value} AS ${name}`);
    if (value === text && !isKey) return;
    const mistake = isKey
      ? `${name} IS NULL`
      : `${text} IS NOT NULL AND ${name} IS NULL${special === null ? "" : ` AND NOT (${special})`}`;
    if (!column.lenient || isKey) refused.push(`CASE WHEN ${mistake} THEN ${literal(column.sourceName)} END`);
  });
  const refusedList =
    refused.length === 0
      ? "CAST([] AS VARCHAR[])"
      : `list_filter([${refused.join(", ")}], lambda "@mistake": "@mistake" IS NOT NULL)`;
  // What was refused is told from the converted columns, one level up: converting twice would double the work.
  const lists = keyed ? `"@values", "@keys"` : `"@values"`;
  return `SELECT * EXCLUDE (${lists}), ${refusedList} AS "@refused" FROM (SELECT ${[...values, "*"].join(", ")} FROM (SELECT ${parsed.join(", ")} FROM (${events})))`;
}

/**
 * Without a key the row itself is the key: an update that names the old row in `key` is its removal and the new row's
 * arrival. Equal rows of such a table are one row here; that is what "no key" means.
 */
function keylessEvents(relation: string, stream: string): string {
  const of = `FROM ${relation} WHERE stream = ${literal(stream)}`;
  const columns = idents(["key", "payload", "unchanged", "source_ts", "ingested_at", "position"]);
  return `SELECT op, ${columns} ${of} AND op <> 't' AND (op <> 'u' OR key IS NULL OR key = payload)
    UNION ALL SELECT 'd' AS op, key, NULL AS payload, NULL AS unchanged, source_ts, ingested_at, position ${of} AND op = 'u' AND key <> payload
    UNION ALL SELECT 'c' AS op, NULL AS key, payload, NULL AS unchanged, source_ts, ingested_at, position ${of} AND op = 'u' AND key <> payload`;
}
