import type { DuckDBConnection } from "@duckdb/node-api";
import { duckdbType, type StagedChange, type Table } from "@nova/iceberg";
import { STAGED_SYSTEM_COLUMNS, stagedLayout } from "@nova/pipeline-core/connectors";
import type { LakeChange, StagedLoad } from "@nova/pipeline-core/orchestration";
import { dropEqual } from "./drop-equal.ts";
import { dropFoldTables, foldStream } from "./fold-stream.ts";
import {
  type Lake,
  newestProperty,
  refuseCancelled,
  snapshotText,
  transactionOf,
  typeOf,
  withConnection,
} from "./lake.ts";
import { startPhases } from "./phases.ts";
import { firstRow, rowsOf } from "./rows.ts";
import type { OpenDelta } from "./source-delta.ts";
import { ident, idents, literal, timestampLiteral } from "./sql-text.ts";
import { type EventShape, eventShape, typedEventsSql, valueColumns } from "./staged-events-sql.ts";
import { stagedTable } from "./staged-table.ts";

/** Highest position merged so far; stands in the snapshot summary so that ordered streams skip reading stored rows. */
const HIGH_POSITION = "nova.high-position";
const REFUSED_SAMPLE = 500;

interface Prepared {
  readonly staged: StagedChange | null;
  readonly rowsIn: number;
  readonly rowsOut: number;
  readonly refused: number;
  readonly refusedSample: readonly { detail: string; payload: string }[];
  readonly highPosition: string | null;
  readonly mode: string;
}

/** Merges or appends one stream's share of a delta into its staged dataset. */
export async function loadStaged(lake: Lake, load: StagedLoad): Promise<LakeChange> {
  const phases = startPhases(lake.clock);
  const delta = load.delta as OpenDelta;
  const layout = stagedLayout(load.schema);
  const key = load.kind === "merge" ? layout.key : [];
  const { table, notes } = await stagedTable(lake, load.dataset, load.schema, load.kind, key);
  phases.end("table");
  const types = new Map(table.columns.map((column) => [column.name, typeOf(column)]));
  const shape = eventShape(load.kind === "merge" ? layout : { ...layout, key: [], keyPaths: [] }, types);
  const work = async (connection: DuckDBConnection): Promise<LakeChange> => {
    const request = { lake, connection, delta, load, table, shape };
    const prepared = load.kind === "append" ? await prepareAppend(request) : await prepareMerge(request);
    phases.end(load.kind === "append" ? "convert and write" : "fold and write");
    const before = snapshotText(table);
    try {
      if (prepared.refused > 0) {
        notes.push(`${prepared.refused} rows refused: a value does not fit its column's type`);
        await load.onRefused(prepared.refusedSample, prepared.refused);
      }
      const common = {
        rowsIn: prepared.rowsIn,
        snapshotBefore: before,
        mode: prepared.mode,
        phases: phases.list,
        notes,
      };
      if (prepared.staged === null) return { ...common, rowsOut: 0, bytes: 0, snapshotAfter: null };
      refuseCancelled(load.signal);
      const { snapshotId } = await lake.lakehouse.commit(prepared.staged, {
        properties: prepared.highPosition === null ? {} : { [HIGH_POSITION]: prepared.highPosition },
        within: (transaction) => load.within(transactionOf(transaction)),
      });
      phases.end("commit");
      return {
        ...common,
        rowsOut: prepared.rowsOut,
        bytes: prepared.staged.summary.addedBytes,
        snapshotAfter: String(snapshotId),
      };
    } catch (error) {
      await prepared.staged?.discard();
      throw error;
    }
  };
  return withConnection(lake, work, load.signal);
}

interface Preparation {
  readonly lake: Lake;
  readonly connection: DuckDBConnection;
  readonly delta: OpenDelta;
  readonly load: StagedLoad;
  readonly table: Table;
  readonly shape: EventShape;
}

async function prepareMerge({ lake, connection, delta, load, table, shape }: Preparation): Promise<Prepared> {
  const current = table.currentSnapshotId === null ? null : await table.scan().toSql();
  const stored = load.rebuild === true ? null : current;
  const fold = await foldStream(connection, {
    relation: delta.relation,
    stream: load.schema.stream,
    shape,
    stored,
    highPosition: load.rebuild === true ? null : newestProperty(table, HIGH_POSITION),
    mergedAt: timestampLiteral(lake.clock.now()),
  });
  if (load.rebuild === true && current !== null) await dropEqual(connection, fold.table, current, table, shape);
  const { rows } = await firstRow<{ rows: bigint }>(connection, `SELECT count(*) AS rows FROM temp.${fold.table}`);
  const rowsOut = Number(rows);
  const query = `SELECT ${writtenColumns(table, shape)} FROM temp.${fold.table}`;
  let staged: StagedChange | null = null;
  if (rowsOut > 0)
    staged =
      current === null
        ? await table.stageAppend({ connection, query })
        : await table.stageMerge({ connection, query, key: [...shape.key] });
  await dropFoldTables(connection);
  const mode = load.rebuild === true ? "rebuilt from raw" : current === null ? "first load" : fold.mode;
  return { ...fold, rowsOut, staged, mode };
}

async function prepareAppend({ lake, connection, delta, load, table, shape }: Preparation): Promise<Prepared> {
  const typed = typedEventsSql(delta.relation, load.schema.stream, shape);
  // Parsed once into a temp table: the refused are counted and the others written from it.
  await connection.run(
    `CREATE OR REPLACE TEMP TABLE append_events AS SELECT * EXCLUDE ("@payload"), CASE WHEN len("@refused") > 0 THEN "@payload" END AS "@payload" FROM (${typed})`,
  );
  const counts = await firstRow<{ total: bigint; refused: bigint; high: string | null }>(
    connection,
    `SELECT count(*) AS total, count(*) FILTER (len("@refused") > 0) AS refused, max("@position") AS high FROM temp.append_events`,
  );
  const refusedSample =
    counts.refused === 0n
      ? []
      : await rowsOf<{ detail: string; payload: string }>(
          connection,
          `SELECT ${literal(`${load.schema.stream}: the value does not fit the type of `)} || array_to_string("@refused", ', ') AS detail, coalesce("@payload", '') AS payload
           FROM temp.append_events WHERE len("@refused") > 0 LIMIT ${REFUSED_SAMPLE}`,
        );
  const rowsOut = Number(counts.total - counts.refused);
  const mergedAt = timestampLiteral(lake.clock.now());
  const rows = `SELECT ${idents(valueColumns(shape))}, "@op" AS _op, coalesce("@source_ts", "@ingested_at") AS _source_ts, "@position" AS _position, ${mergedAt} AS _merged_at, CAST(NULL AS TIMESTAMPTZ) AS _deleted_at
    FROM temp.append_events WHERE len("@refused") = 0`;
  const query = `SELECT ${writtenColumns(table, shape)} FROM (${rows})`;
  const staged = rowsOut === 0 ? null : await table.stageAppend({ connection, query });
  await connection.run("DROP TABLE temp.append_events");
  return {
    staged,
    rowsIn: Number(counts.total),
    rowsOut,
    refused: Number(counts.refused),
    refusedSample,
    highPosition: counts.high,
    mode: "append",
  };
}

/** The table's columns in order; one that the stream no longer has is null in new rows. */
function writtenColumns(table: Table, shape: EventShape): string {
  const names = new Set([...valueColumns(shape), ...STAGED_SYSTEM_COLUMNS.map((column) => column.name)]);
  return table.columns
    .map((column) =>
      names.has(column.name)
        ? ident(column.name)
        : `CAST(NULL AS ${duckdbType(typeOf(column))}) AS ${ident(column.name)}`,
    )
    .join(", ");
}
