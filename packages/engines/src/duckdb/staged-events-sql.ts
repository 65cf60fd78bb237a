import { pointer, ROW_ID, type StagedLayout } from "@nova/pipeline-core/connectors";
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
  /** Names under which rows from before a rename carry the value, newest first. */
  readonly former?: readonly string[];
}

export interface EventShape {
  readonly columns: readonly EventColumn[];
  readonly key: readonly string[];
  readonly keyPaths: readonly string[];
  /** A key column that the envelope's key lacks is told in the row: the key changed once. */
  readonly keyFromRow?: boolean;
}

export function eventShape(layout: StagedLayout, tableTypes: ReadonlyMap<string, string>): EventShape {
  const columns = layout.columns.map((column) => {
    const type = tableTypes.get(column.name) ?? column.type;
    return { ...column, type, lenient: column.lenient || type !== column.type };
  });
  return { columns, key: layout.key, keyPaths: layout.keyPaths, keyFromRow: layout.keyFromRow };
}

/** Names of all value columns of a staged row, key of keyless streams included. */
export function valueColumns(shape: EventShape): string[] {
  const own = shape.columns.map((column) => column.name);
  return shape.keyPaths.length === 0 && shape.key.includes(ROW_ID) ? [ROW_ID, ...own] : own;
}

const NO_NAMES = "CAST([] AS VARCHAR[])";

/**
 * One typed row per event of a stream: value columns, then `@op, @position, @source_ts, @ingested_at, @unchanged, @payload`
 * and `@refused`, the source names of columns whose text does not fit (empty list when all fit). The `@` keeps the
 * envelope's fields apart from a source's columns, which may well be called `position`. Every payload is parsed once.
 */
export function typedEventsSql(relation: string, stream: string, shape: EventShape): string {
  const keyed = shape.keyPaths.length > 0;
  const keyless = !keyed && shape.key.includes(ROW_ID);
  const places = placeList(shape.columns.map((column) => column.path));
  const keyPlaces = placeList(shape.keyPaths);
  const texts = shape.columns.map((column, index) =>
    newestName(`"@values"[${index + 1}]`, column, (path) => `"@values"[${places.of(path)}]`),
  );
  const keyTexts = shape.key.map((name, index) => {
    const at = shape.columns.findIndex((column) => column.name === name);
    const column = shape.columns[at];
    if (!keyed || column === undefined) return "";
    const text = newestName(`"@keys"[${index + 1}]`, column, (path) => `"@keys"[${keyPlaces.of(path)}]`);
    return shape.keyFromRow === true ? `coalesce(${text}, ${texts[at]})` : text;
  });
  const paths = places.list.map(literal).join(", ");
  const keyPaths = keyPlaces.list.map(literal).join(", ");
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
  const mistakes: string[] = [];
  const refused: string[] = [];
  shape.columns.forEach((column, index) => {
    const keyIndex = shape.key.indexOf(column.name);
    const isKey = keyIndex >= 0;
    const text = (keyed && isKey ? keyTexts[keyIndex] : texts[index]) ?? "";
    const { value, special } = conversion(text, column.type, column.sourceType);
    const name = ident(column.name);
    values.push(`${value} AS ${name}`);
    if (value === text && !isKey) return;
    const mistake = isKey
      ? `${name} IS NULL`
      : `${text} IS NOT NULL AND ${name} IS NULL${special === null ? "" : ` AND NOT (${special})`}`;
    if (column.lenient && !isKey) return;
    mistakes.push(`(${mistake})`);
    refused.push(`CASE WHEN ${mistake} THEN ${literal(column.sourceName)} END`);
  });
  // The list is made for rows with a mistake only: lists are dear, mistakes are rare.
  const refusedList =
    refused.length === 0
      ? NO_NAMES
      : `CASE WHEN ${mistakes.join(" OR ")} THEN list_filter([${refused.join(", ")}], lambda "@mistake": "@mistake" IS NOT NULL) ELSE ${NO_NAMES} END`;
  // What was refused is told from the converted columns, one level up: converting twice would double the work.
  const lists = keyed ? `"@values", "@keys"` : `"@values"`;
  return `SELECT * EXCLUDE (${lists}), ${refusedList} AS "@refused" FROM (SELECT ${[...values, "*"].join(", ")} FROM (SELECT ${parsed.join(", ")} FROM (${events})))`;
}

/** JSON pointers that are taken from a payload at once, and where in the list each one stands. */
function placeList(paths: readonly string[]) {
  const list = [...paths];
  return {
    list,
    of(path: string): number {
      const known = list.indexOf(path);
      return known >= 0 ? known + 1 : list.push(path);
    },
  };
}

/** A column's text under its present name, else under the ones it had before: only one of them is in a row. */
function newestName(text: string, column: EventColumn, place: (path: string) => string): string {
  const former = (column.former ?? []).map((name) => place(pointer(name)));
  return former.length === 0 ? text : `coalesce(${[text, ...former].join(", ")})`;
}

/** Whether an event left the column out, under any name it had then. */
export function leftOutSql(column: Pick<EventColumn, "sourceName" | "former">, list: string): string {
  const names = [column.sourceName, ...(column.former ?? [])];
  const conditions = names.map((name) => `list_contains(${list}, ${literal(name)})`);
  return conditions.length === 1 ? (conditions[0] ?? "") : `(${conditions.join(" OR ")})`;
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
