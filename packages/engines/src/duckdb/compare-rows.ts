import type { DuckDBConnection } from "@duckdb/node-api";
import type { Compared, DatasetComparison, KeyDifference, KeyRange } from "@nova/pipeline-core/connectors";
import { duckdbType } from "@nova/iceberg";
import { openCopy } from "./compare-copy.ts";
import { datasetRows, hashSql, joined, keyJsonSql } from "./compared-text.ts";
import { type Lake, withConnection } from "./lake.ts";
import { firstRow, rowsOf } from "./rows.ts";
import { ident, literal } from "./sql-text.ts";

/** The dataset's side of a comparison with its source: rows that live, as sums of hashes that DuckDB computes. */
export function datasetComparison(lake: Lake): DatasetComparison {
  const live = async (dataset: string, compared: Compared): Promise<string> =>
    `(SELECT * FROM ${await datasetRows(lake, dataset, compared)} WHERE _deleted_at IS NULL)`;
  return {
    openMeter: (tag) => lake.meters.open(tag),
    copy: (dataset, schema) => openCopy(lake, dataset, schema),
    ranges: (...asked) => lake.meters.query(() => rangesOf(...asked)),
    sums: (...asked) => lake.meters.query(() => sumsOf(...asked)),
    differences: (...asked) => lake.meters.query(() => differencesOf(...asked)),
  };
  async function rangesOf(...[dataset, compared, rows]: Parameters<DatasetComparison["ranges"]>) {
    if (!compared.sortable) return [{ after: null, through: null }];
    const source = await live(dataset, compared);
    return withConnection(lake, async (connection) => {
      const key = compared.key.map(({ stagedName }) => ident(stagedName)).join(", ");
      const texts = compared.key.map(({ stagedName }) => `CAST(${ident(stagedName)} AS VARCHAR)`).join(", ");
      const bounds = await rowsOf<{ bound: { items: string[] } }>(
        connection,
        `SELECT [${texts}] AS bound FROM (SELECT ${key}, row_number() OVER (ORDER BY ${key}) AS n FROM ${source})
            WHERE n % ${rows} = 0 ORDER BY n`,
      );
      const through = [...bounds.map((row) => row.bound.items), null];
      return through.map((bound, index): KeyRange => ({ after: through[index - 1] ?? null, through: bound }));
    });
  }

  async function sumsOf(...[dataset, compared, ranges]: Parameters<DatasetComparison["sums"]>) {
    const source = await live(dataset, compared);
    return withConnection(lake, async (connection) => {
      const at = ranges.map((range, index) => `WHEN ${rangeSql(compared, range)} THEN ${index}`).join(" ");
      const rows = await rowsOf<{ at: number; rows: bigint; sum: string }>(
        connection,
        `SELECT CASE ${at} END AS at, count(*) AS rows, CAST(sum(${hashSql(compared)}) AS VARCHAR) AS sum FROM ${source} GROUP BY 1`,
      );
      return ranges.map((_, index) => {
        const found = rows.find((row) => row.at === index);
        return { rows: Number(found?.rows ?? 0n), sum: found?.sum ?? "0" };
      });
    });
  }

  async function differencesOf(
    ...[dataset, compared, range, file, most]: Parameters<DatasetComparison["differences"]>
  ) {
    // Deleted rows too: when they were merged tells a row that went meanwhile from one that was never there.
    const source = await datasetRows(lake, dataset, compared);
    return withConnection(lake, (connection) => findDifferences(connection, source, compared, range, file, most));
  }
}

async function findDifferences(
  connection: DuckDBConnection,
  source: string,
  compared: Compared,
  range: KeyRange,
  file: string,
  most: number,
): Promise<{ keys: KeyDifference[]; total: number }> {
  const ours = `SELECT ${keySql(compared)} AS k, ${keyJsonSql(compared)} AS key, ${hashSql(compared)} AS hash, epoch_ms(_merged_at) AS merged, _deleted_at IS NOT NULL AS gone
    FROM ${source} WHERE ${rangeSql(compared, range)}`;
  const columns = "{'k': 'VARCHAR', 'key': 'VARCHAR', 'hash': 'BIGINT'}";
  const theirs = `SELECT * FROM read_csv(${literal(file)}, header = false, delim = ',', quote = '"', escape = '"', new_line = '\\n', columns = ${columns}, max_line_size = 1048576, buffer_size = 4194304)`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE compared AS
     SELECT coalesce(t.key, o.key) AS key, o.merged, CASE WHEN o.k IS NULL OR o.gone THEN 'missing' WHEN t.k IS NULL THEN 'extra' ELSE 'different' END AS kind
       FROM (${ours}) o FULL JOIN (${theirs}) t ON o.k = t.k WHERE o.k IS NULL OR CASE WHEN t.k IS NULL THEN NOT o.gone ELSE o.gone OR o.hash <> t.hash END`,
  );
  const { total } = await firstRow<{ total: bigint }>(connection, "SELECT count(*) AS total FROM temp.compared");
  const rows = await rowsOf<{ key: string; merged: bigint | null; kind: KeyDifference["kind"] }>(
    connection,
    `SELECT key, merged, kind FROM temp.compared ORDER BY key LIMIT ${most}`,
  );
  await connection.run("DROP TABLE temp.compared");
  return {
    total: Number(total),
    keys: rows.map(({ key, merged, kind }) => ({
      key: JSON.parse(key) as Record<string, string>,
      kind,
      mergedAt: merged === null ? null : new Date(Number(merged)),
    })),
  };
}

function keySql({ key }: Compared): string {
  return joined(key);
}

function rangeSql({ key }: Compared, { after, through }: KeyRange): string {
  const names = `(${key.map(({ stagedName }) => ident(stagedName)).join(", ")})`;
  const values = (texts: readonly string[]): string =>
    `(${key.map(({ type }, index) => `CAST(${literal(texts[index] ?? "")} AS ${duckdbType(type)})`).join(", ")})`;
  const bounds = [
    ...(after === null ? [] : [`${names} > ${values(after)}`]),
    ...(through === null ? [] : [`${names} <= ${values(through)}`]),
  ];
  return bounds.length === 0 ? "true" : bounds.join(" AND ");
}
