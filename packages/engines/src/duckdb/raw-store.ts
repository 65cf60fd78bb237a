import { setImmediate as nextTurn } from "node:timers/promises";
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
import {
  type CommitReceipt,
  ENVELOPE_COLUMNS,
  type EnvelopeColumns,
  type RawAppend,
  type RawInput,
  type RawStore,
} from "@nova/pipeline-core/lakehouse";
import { copiedRelation } from "./copied-rows.ts";
import { asType, findTable, type Lake, transactionOf, withConnection } from "./lake.ts";
import { literal, timestampLiteral } from "./sql-text.ts";

/** Rows of a chunk that DuckDB's appender takes at once. */
const CHUNK_ROWS = 2048;

/** The raw layer: one append-only table per source, partitioned by the hour of `ingested_at`. */
export function icebergRawStore(lake: Lake, runWithin: (within: RawAppend["within"]) => Promise<void>): RawStore {
  return {
    append: (batch) =>
      withConnection(lake, async (connection) => {
        const { input } = batch;
        const incoming = await inputRelation(connection, input);
        const dataset = `raw.${batch.source}`;
        const committed = (snapshotId: string | null, rows: number, bytes: number): CommitReceipt => ({
          dataset,
          snapshotId,
          rows,
          bytes,
          committedAt: lake.clock.now(),
        });
        if (incoming === null) {
          await runWithin(batch.within);
          return committed(null, 0, 0);
        }
        const table = await rawTable(lake, batch.source);
        const query = `SELECT stream, op, key, payload, unchanged, source_ts, position, schema_version FROM ${incoming}`;
        const constants = {
          source: literal(batch.source),
          ingested_at: timestampLiteral(batch.ingestedAt),
          batch_id: literal(batch.batchId),
        };
        const staged = await table.stageAppend({ connection, query, constants });
        try {
          const { addedRecords, addedBytes } = staged.summary;
          if (addedRecords === 0) {
            await staged.discard();
            await runWithin(batch.within);
            return committed(null, 0, 0);
          }
          const { snapshotId } = await lake.lakehouse.commit(staged, {
            properties: { "nova.position": batch.position, "nova.batch": batch.batchId },
            within: (transaction) => batch.within(transactionOf(transaction)),
          });
          return committed(String(snapshotId), addedRecords, addedBytes);
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

/** The rows as a relation of the envelope's columns; null when there is none. */
async function inputRelation(connection: DuckDBConnection, input: RawInput): Promise<string | null> {
  switch (input.from) {
    case "columns":
      return columnsRelation(connection, input.columns);
    case "copied": {
      const copied = input.copied.filter(({ rows }) => rows > 0).map(copiedRelation);
      const beside = await columnsRelation(connection, input.columns);
      const all = beside === null ? copied : [...copied, beside];
      return all.length === 0 ? null : `(${all.map((each) => `FROM ${each}`).join(" UNION ALL BY NAME ")})`;
    }
    case "spool":
      return spoolRelation(input.files);
  }
}

const INCOMING = `CREATE TEMP TABLE incoming (stream VARCHAR, op VARCHAR, key VARCHAR, payload VARCHAR, unchanged VARCHAR, source_ts TIMESTAMPTZ, position VARCHAR, schema_version INTEGER)`;

/** The columns as the temp table `incoming`; null without rows. */
export async function columnsRelation(connection: DuckDBConnection, columns: EnvelopeColumns): Promise<string | null> {
  const rows = columns.stream.length;
  for (const [name, values] of Object.entries(columns) as [string, unknown[]][]) {
    if (values.length !== rows)
      throw new PlatformError("internal", `envelope column ${name} has ${values.length} values, stream has ${rows}`);
  }
  if (rows === 0) return null;
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
    // Filling chunks is work of this thread: answers to others must not wait for all of it.
    await nextTurn();
  }
  appender.closeSync();
  return "temp.incoming";
}

/** Spool lines are envelope lines; `key` and `payload` hold JSON as text or as it is. Null without files. */
function spoolRelation(files: readonly string[]): string | null {
  if (files.length === 0) return null;
  const columns =
    "{stream: 'VARCHAR', op: 'VARCHAR', key: 'VARCHAR', payload: 'VARCHAR', unchanged: 'VARCHAR', source_ts: 'TIMESTAMPTZ', position: 'VARCHAR', schema_version: 'INTEGER'}";
  return `(SELECT * REPLACE (coalesce(schema_version, 1) AS schema_version) FROM read_ndjson([${files.map(literal).join(", ")}], columns = ${columns}, maximum_object_size = 33554432))`;
}
