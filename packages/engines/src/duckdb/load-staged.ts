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
    const given = delta.streams.find((one) => one.stream === load.schema.stream)?.rows ?? 0;
    lake.meters.share(delta.rows === 0 ? 0 : (delta.scannedBytes * given) / delta.rows);
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
  // What is read of the stored rows shows only when the events are folded.
  const held = table.currentSnapshotId === null ? null : await lake.meters.held(() => table.scan().toSql());
  const current = held?.result ?? null;
  const stored = load.rebuild === true ? null : current;
  const fold = await foldStream(connection, {
    relation: delta.relation,
    stream: load.schema.stream,
    shape,
    stored,
    highPosition: load.rebuild === true ? null : newestProperty(table, HIGH_POSITION),
    mergedAt: timestampLiteral(lake.clock.now()),
  });
  if (fold.storedRead.length > 0) held?.count(fold.storedRead);
  if (load.rebuild === true && current !== null) {
    held?.count();
    await dropEqual(connection, fold.table, current, table, shape);
  }
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

/** Events go from raw into files in one pass: there are many, and hardly ever one that does not fit. */
async function prepareAppend({ lake, connection, delta, load, table, shape }: Preparation): Promise<Prepared> {
  const { stream } = load.schema;
  const typed = typedEventsSql(delta.relation, stream, shape);
  const mergedAt = timestampLiteral(lake.clock.now());
  const rows = `SELECT ${idents(valueColumns(shape))}, "@op" AS _op, coalesce("@source_ts", "@ingested_at") AS _source_ts, "@position" AS _position, ${mergedAt} AS _merged_at, CAST(NULL AS TIMESTAMPTZ) AS _deleted_at
    FROM (${typed}) WHERE len("@refused") = 0`;
  const hour = await onlyHour(connection, delta.relation, stream);
  const change = await table.stageAppend({
    connection,
    query: `SELECT ${writtenColumns(table, shape)} FROM (${rows})`,
    ...(hour === null ? {} : { samePartition: { _source_ts: hour } }),
  });
  const rowsOut = change.summary.addedRecords;
  const given = delta.streams.find((one) => one.stream === stream)?.rows ?? 0;
  const refused = rowsOut === given ? NOTHING_REFUSED : await refusedOf(connection, typed, stream);
  if (rowsOut === 0) await change.discard();
  return {
    staged: rowsOut === 0 ? null : change,
    rowsIn: rowsOut + refused.refused,
    rowsOut,
    ...refused,
    highPosition: null,
    mode: "append",
  };
}

/** The hour that all events of a stream are of, as a literal; null when they are of several. Most loads are of seconds. */
async function onlyHour(connection: DuckDBConnection, relation: string, stream: string): Promise<string | null> {
  const { low, high, all_told } = await firstRow<{ low: string | null; high: string | null; all_told: boolean }>(
    connection,
    `SELECT CAST(date_trunc('hour', min(told)) AS VARCHAR) AS low, CAST(date_trunc('hour', max(told)) AS VARCHAR) AS high, count(told) = count(*) AS all_told
     FROM (SELECT coalesce(source_ts, ingested_at) AS told FROM ${relation} WHERE stream = ${literal(stream)})`,
  );
  return all_told && low !== null && low === high ? `TIMESTAMPTZ ${literal(low)}` : null;
}

const NOTHING_REFUSED = { refused: 0, refusedSample: [] };

async function refusedOf(connection: DuckDBConnection, typed: string, stream: string) {
  const wrong = `FROM (${typed}) WHERE len("@refused") > 0`;
  const { rows } = await firstRow<{ rows: bigint }>(connection, `SELECT count(*) AS rows ${wrong}`);
  const refusedSample = await rowsOf<{ detail: string; payload: string }>(
    connection,
    `SELECT ${literal(`${stream}: the value does not fit the type of `)} || array_to_string("@refused", ', ') AS detail, coalesce("@payload", '') AS payload
     ${wrong} LIMIT ${REFUSED_SAMPLE}`,
  );
  return { refused: Number(rows), refusedSample };
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
