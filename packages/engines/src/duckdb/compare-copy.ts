import type { DuckDBConnection } from "@duckdb/node-api";
import {
  type Compared,
  comparedOf,
  type CopyCompared,
  type CopyComparison,
  type KeyDifference,
  type SourceCopy,
  stagedLayout,
  type StreamSchema,
} from "@nova/pipeline-core/connectors";
import { datasetRows, hashSql, keyJsonSql } from "./compared-text.ts";
import { asLakeError, findTable, type Lake, typeOf } from "./lake.ts";
import { columnsRelation } from "./raw-store.ts";
import { firstRow, rowsOf } from "./rows.ts";
import { literal, timestampLiteral } from "./sql-text.ts";
import { eventShape, typedEventsSql } from "./staged-events-sql.ts";

/**
 * Rows of a source that computes nothing itself, typed by the rules of loading and kept as key and hash: what differs from
 * the dataset is a row that loading got wrong, missed, or that the source never told of.
 */
export async function openCopy(lake: Lake, dataset: string, schema: StreamSchema): Promise<SourceCopy> {
  const compared = comparedOf(schema, true);
  const table = await findTable(lake, dataset);
  const types = new Map((table?.columns ?? []).map((column) => [column.name, typeOf(column)]));
  const shape = eventShape(stagedLayout(schema), types);
  const connection = await lake.instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(
    "CREATE TEMP TABLE copied (key VARCHAR, hash BIGINT, position VARCHAR, gone BOOLEAN, refused BOOLEAN)",
  );
  return {
    async add(rows) {
      if ((await columnsRelation(connection, rows)) === null) return;
      const events = `(SELECT *, now() AS ingested_at FROM temp.incoming)`;
      await connection.run(
        `INSERT INTO copied SELECT ${keyJsonSql(compared)}, ${hashSql(compared)}, "@position", "@op" = 'd', len("@refused") > 0
           FROM (${typedEventsSql(events, schema.stream, shape)})`,
      );
      await connection.run("DROP TABLE temp.incoming");
    },
    async compare(how) {
      try {
        return await lake.meters.query(async () =>
          compareCopied(connection, compared, await datasetRows(lake, dataset, compared), how),
        );
      } catch (error) {
        throw asLakeError(error);
      }
    },
    close: async () => connection.closeSync(),
  };
}

async function compareCopied(
  connection: DuckDBConnection,
  compared: Compared,
  dataset: string,
  { judged, tells, begunAt, rowsPerRange, most }: CopyComparison,
): Promise<CopyCompared> {
  const newest = tells === "events" && (judged === "all" || judged === "copied");
  const untold = newest ? await keepNewest(connection, compared, dataset) : 0;
  const all = `SELECT ${keyJsonSql(compared)} AS key, ${hashSql(compared)} AS hash, _position AS position, _merged_at AS merged, _deleted_at IS NOT NULL AS gone FROM ${dataset}`;
  const ours = `(SELECT * FROM (${all})${judgedSql(judged)})`;
  const { rows } = await firstRow<{ rows: bigint }>(connection, "SELECT count(*) AS rows FROM copied WHERE NOT gone");
  const ranges = Math.max(1, Math.ceil(Number(rows) / rowsPerRange));
  const sums = (side: string): string =>
    `SELECT CAST(hash(key) % ${ranges} AS INTEGER) AS range, count(*) AS rows, sum(s.hash) AS sum FROM ${side} s WHERE NOT gone GROUP BY 1`;
  const found = await rowsOf<{ range: number; theirs: bigint; ours: bigint; same: boolean }>(
    connection,
    `SELECT range, coalesce(t.rows, 0) AS theirs, coalesce(o.rows, 0) AS ours, coalesce(t.rows = o.rows AND t.sum = o.sum, false) AS same
       FROM (${sums("copied")}) t FULL JOIN (${sums(ours)}) o USING (range)`,
  );
  const suspects = found.filter(({ same }) => !same).map(({ range }) => range);
  const sum = (side: "theirs" | "ours"): number => found.reduce((total, row) => total + Number(row[side]), 0);
  return {
    untold,
    sourceRows: sum("theirs"),
    datasetRows: sum("ours"),
    ranges,
    ...(await differences(connection, ours, { suspects, ranges, newest, begunAt, most })),
    leftOut: compared.leftOut,
  };
}

/**
 * Leaves the newest state of every row in the copy, and none of a row that no event tells of and the dataset never had;
 * returns how many those are.
 */
async function keepNewest(connection: DuckDBConnection, compared: Compared, dataset: string): Promise<number> {
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE copied AS SELECT key, arg_max(hash, position) AS hash, max(position) AS position, arg_max(gone, position) AS gone, arg_max(refused, position) AS refused FROM copied GROUP BY key`,
  );
  const { rowsChanged } = await connection.run(
    `DELETE FROM copied WHERE position = '' AND key NOT IN (SELECT ${keyJsonSql(compared)} FROM ${dataset})`,
  );
  return rowsChanged;
}

interface Suspects {
  readonly suspects: readonly number[];
  readonly ranges: number;
  /** The copy holds the newest of what was told: a row of the dataset with a later position may know better. */
  readonly newest: boolean;
  readonly begunAt: Date;
  readonly most: number;
}

async function differences(
  connection: DuckDBConnection,
  ours: string,
  { suspects, ranges, newest, begunAt, most }: Suspects,
): Promise<Pick<CopyCompared, "rangesDifferent" | "quarantined" | "proven" | "moved">> {
  const none = { keys: [], total: 0 };
  if (suspects.length === 0) return { rangesDifferent: 0, quarantined: 0, proven: none, moved: none };
  const inSuspects = `CAST(hash(key) % ${ranges} AS INTEGER) IN (${suspects.join(", ")})`;
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE differing AS
     SELECT key, o.merged, coalesce(o.merged >= ${timestampLiteral(begunAt)}${newest ? " OR o.position > t.position" : ""}, false) AS moved, coalesce(t.refused AND NOT t.gone, false) AS refused, CAST(hash(key) % ${ranges} AS INTEGER) AS range,
            CASE WHEN t.key IS NULL OR t.gone THEN 'extra' WHEN o.key IS NULL OR o.gone THEN 'missing' ELSE 'different' END AS kind
       FROM (SELECT * FROM ${ours} WHERE ${inSuspects}) o FULL JOIN (SELECT * FROM copied WHERE ${inSuspects}) t USING (key)
      WHERE (coalesce(o.gone, true) <> coalesce(t.gone, true) OR (NOT o.gone AND NOT t.gone AND o.hash <> t.hash))`,
  );
  const listed = async (moved: boolean) => {
    const of = `FROM differing WHERE moved = ${moved} AND (moved OR NOT refused)`;
    const { total } = await firstRow<{ total: bigint }>(connection, `SELECT count(*) AS total ${of}`);
    const rows = await rowsOf<DifferingRow>(
      connection,
      `SELECT key, epoch_ms(merged) AS merged, kind ${of} ORDER BY key LIMIT ${most}`,
    );
    return { keys: rows.map(differenceOf), total: Number(total) };
  };
  const { different, quarantined } = await firstRow<{ different: bigint; quarantined: bigint }>(
    connection,
    "SELECT count(DISTINCT range) FILTER (NOT refused) AS different, count(*) FILTER (refused) AS quarantined FROM differing WHERE NOT moved",
  );
  const counts = { rangesDifferent: Number(different), quarantined: Number(quarantined) };
  return { ...counts, proven: await listed(false), moved: await listed(true) };
}

function judgedSql(judged: CopyComparison["judged"]): string {
  if (judged === "all") return "";
  if (judged === "copied") return " SEMI JOIN copied USING (key)";
  return ` WHERE key IN (${judged.map((key) => literal(JSON.stringify(key))).join(", ")})`;
}

interface DifferingRow {
  readonly key: string;
  readonly merged: bigint | null;
  readonly kind: KeyDifference["kind"];
}

function differenceOf({ key, merged, kind }: DifferingRow): KeyDifference {
  return {
    key: JSON.parse(key) as KeyDifference["key"],
    kind,
    mergedAt: merged === null ? null : new Date(Number(merged)),
  };
}
