import {
  type DuckDBConnection,
  DuckDBDataChunk,
  TIMESTAMPTZ,
  DuckDBTimestampTZValue,
  INTEGER,
  VARCHAR,
} from "@duckdb/node-api";
import type { Table } from "@nova/iceberg";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { ENVELOPE_COLUMNS, type EnvelopeColumns, type RawAppend, type RawStore } from "@nova/pipeline-core/lakehouse";
import { asType, findTable, type Lake, transactionOf, withConnection } from "./lake.ts";
import { firstRow } from "./rows.ts";
import { ident, literal, timestampLiteral } from "./sql-text.ts";

/** Rows of a chunk that DuckDB's appender takes at once. */
const CHUNK_ROWS = 2048;

/** The raw layer: one append-only table per source, partitioned by the hour of `ingested_at`. */
export function icebergRawStore(lake: Lake, runWithin: (within: RawAppend["within"]) => Promise<void>): RawStore {
  return {
    append: (batch) =>
      withConnection(lake, async (connection) => {
        const rows =
          batch.input.from === "columns"
            ? await fillFromColumns(connection, batch.input.columns)
            : await fillFromSpool(connection, batch.input.files);
        const dataset = `raw.${batch.source}`;
        if (rows === 0) {
          await runWithin(batch.within);
          return { dataset, snapshotId: null, rows: 0, bytes: 0, committedAt: lake.clock.now() };
        }
        const table = await rawTable(lake, batch.source);
        const query = `SELECT ${literal(batch.source)} AS source, stream, op, key, payload, unchanged, source_ts, ${timestampLiteral(batch.ingestedAt)} AS ingested_at,
          position, ${literal(batch.batchId)} AS batch_id, schema_version FROM temp.incoming`;
        const staged = await table.stageAppend({ connection, query });
        try {
          const { snapshotId } = await lake.lakehouse.commit(staged, {
            properties: { "nova.position": batch.position, "nova.batch": batch.batchId },
            within: (transaction) => batch.within(transactionOf(transaction)),
          });
          return {
            dataset,
            snapshotId: String(snapshotId),
            rows,
            bytes: staged.summary.addedBytes,
            committedAt: lake.clock.now(),
          };
        } catch (error) {
          await staged.discard();
          throw error;
        }
      }),
  };
}

async function rawTable(lake: Lake, source: string): Promise<Table> {
  const existing = await findTable(lake, `raw.${source}`);
  if (existing !== null) return existing;
  return lake.lakehouse.createTable(
    { namespace: "raw", name: source },
    {
      schema: ENVELOPE_COLUMNS.map((column) => ({
        name: column.name,
        type: asType(column.type),
        doc: column.description,
      })),
      partitionBy: [{ column: "ingested_at", transform: "hour" }],
      properties: {
        // Personal values must not outlive their rows in the bounds that manifests keep.
        "write.metadata.metrics.column.key": "none",
        "write.metadata.metrics.column.payload": "none",
        "write.metadata.delete-after-commit.enabled": "true",
        "write.metadata.previous-versions-max": "20",
      },
    },
  );
}

const INCOMING = `CREATE TEMP TABLE incoming (stream VARCHAR, op VARCHAR, key VARCHAR, payload VARCHAR, unchanged VARCHAR, source_ts TIMESTAMPTZ, position VARCHAR, schema_version INTEGER)`;

async function fillFromColumns(connection: DuckDBConnection, columns: EnvelopeColumns): Promise<number> {
  const rows = columns.stream.length;
  for (const [name, values] of Object.entries(columns) as [string, unknown[]][]) {
    if (values.length !== rows)
      throw new PlatformError("internal", `envelope column ${name} has ${values.length} values, stream has ${rows}`);
  }
  if (rows === 0) return 0;
  await connection.run(INCOMING);
  const appender = await connection.createAppender("incoming", null, "temp");
  const types = [VARCHAR, VARCHAR, VARCHAR, VARCHAR, VARCHAR, TIMESTAMPTZ, VARCHAR, INTEGER];
  for (let start = 0; start < rows; start += CHUNK_ROWS) {
    const end = Math.min(rows, start + CHUNK_ROWS);
    const chunk = DuckDBDataChunk.create(types, end - start);
    chunk.setColumns([
      columns.stream.slice(start, end),
      columns.op.slice(start, end),
      columns.key.slice(start, end),
      columns.payload.slice(start, end),
      columns.unchanged.slice(start, end),
      columns.sourceTs.slice(start, end).map((micros) => (micros === null ? null : new DuckDBTimestampTZValue(micros))),
      columns.position.slice(start, end),
      columns.schemaVersion.slice(start, end),
    ]);
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
  return rows;
}

/** Spool lines are envelope lines; `key` and `payload` hold JSON as text or as it is. */
async function fillFromSpool(connection: DuckDBConnection, files: readonly string[]): Promise<number> {
  if (files.length === 0) return 0;
  await connection.run(INCOMING);
  const columns =
    "{stream: 'VARCHAR', op: 'VARCHAR', key: 'VARCHAR', payload: 'VARCHAR', unchanged: 'VARCHAR', source_ts: 'TIMESTAMPTZ', position: 'VARCHAR', schema_version: 'INTEGER'}";
  await connection.run(
    `INSERT INTO temp.incoming SELECT stream, op, key, payload, unchanged, source_ts, position, coalesce(schema_version, 1)
     FROM read_ndjson([${files.map(literal).join(", ")}], columns = ${columns}, maximum_object_size = 33554432)`,
  );
  const { rows } = await firstRow<{ rows: bigint }>(
    connection,
    `SELECT count(*) AS rows FROM temp.${ident("incoming")}`,
  );
  return Number(rows);
}
