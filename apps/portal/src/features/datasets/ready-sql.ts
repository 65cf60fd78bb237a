import { splitDatasetName } from "@nova/pipeline-core/catalog";

interface SqlColumn {
  readonly name: string;
  readonly type: string;
}

interface Described {
  readonly name: string;
  readonly columns: readonly SqlColumn[];
}

const RESERVED = new Set(
  "all and any array as asc between by case cast check collate column constraint create cross current_date current_time current_timestamp current_user default desc distinct else end except exists extract false fetch for foreign from full grant group having in inner intersect into is join lateral left like limit natural not null offset on only or order outer primary references right select table then to true union unique using values when where window with".split(
    " ",
  ),
);

/** A column name as it must stand in SQL. */
export function sqlName(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/** The column that says when a row came to be or changed; null when there is none. */
export function timeColumn({ name, columns }: Described): SqlColumn | null {
  const { layer } = splitDatasetName(name);
  const preferred = layer === "raw" ? ["ingested_at"] : layer === "staged" ? ["_source_ts", "_merged_at"] : [];
  const named = preferred
    .map((one) => columns.find((column) => column.name === one))
    .find((column) => column !== undefined);
  const temporal = columns.find((column) => /^(timestamptz|timestamp|date)$/.test(column.type));
  return named ?? temporal ?? null;
}

/** A query people can run as it is: the dataset's own columns, the last day (week for dates), a limit. */
export function readySql(dataset: Described): string {
  const own = dataset.columns.filter((column) => !column.name.startsWith("_")).map((column) => sqlName(column.name));
  const names = own.length === 0 ? ["*"] : own;
  const time = timeColumn(dataset);
  const since =
    time === null
      ? []
      : time.type === "date"
        ? [`WHERE ${sqlName(time.name)} >= current_date - INTERVAL '7' DAY`]
        : [`WHERE ${sqlName(time.name)} >= current_timestamp - INTERVAL '1' DAY`];
  return [`SELECT ${names.join(",\n       ")}`, `FROM ${dataset.name}`, ...since, "LIMIT 100"].join("\n");
}

/** The newest rows, cheaply: raw datasets are looked at from their last hour on, for they are large. */
export function sampleSql(dataset: Described, rows: number, dataThrough: Date | null): string {
  const time = timeColumn(dataset);
  const { layer } = splitDatasetName(dataset.name);
  const recent =
    layer === "raw" && time !== null && dataThrough !== null
      ? [`WHERE ${sqlName(time.name)} >= TIMESTAMPTZ '${new Date(dataThrough.getTime() - 3_600_000).toISOString()}'`]
      : [];
  const newest = time === null ? [] : [`ORDER BY ${sqlName(time.name)} DESC`];
  return [`SELECT *`, `FROM ${dataset.name}`, ...recent, ...newest, `LIMIT ${rows}`].join("\n");
}
