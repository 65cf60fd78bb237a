import type { SourceDelta } from "@nova/pipeline-core/orchestration";
import type { SourceId } from "@nova/pipeline-core/connectors";
import { rawDatasetName } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { findTable, type Lake, snapshotsAfter, snapshotText, withConnection } from "./lake.ts";
import { rowsOf } from "./rows.ts";
import { literal } from "./sql-text.ts";

/** A delta and the relation that holds its rows; visible to every connection of the engine. */
export interface OpenDelta extends SourceDelta {
  readonly relation: string;
  /** What reading it scanned; every load of a stream of it is charged its share of that. */
  readonly scannedBytes: number;
}

/** All that loading needs of the envelope. */
const READ = ["stream", "op", "key", "payload", "unchanged", "source_ts", "ingested_at", "position"];

export interface DeltaRequest {
  readonly source: SourceId;
  readonly from: string | null;
  readonly only: readonly string[] | null;
  readonly except: readonly string[];
  readonly maxRows: number;
}

/**
 * Reads what was appended to a source's raw dataset since `from`, once for all its streams. Logs are one wide stream that
 * is read once anyway: they stay in their files.
 */
export async function openDelta(lake: Lake, request: DeltaRequest): Promise<OpenDelta | null> {
  const { result, scanned } = await lake.meters.measured(() => readDelta(lake, request), { charged: false });
  return result === null ? null : { ...result, scannedBytes: scanned.bytes };
}

async function readDelta(lake: Lake, request: DeltaRequest): Promise<Omit<OpenDelta, "scannedBytes"> | null> {
  const table = await findTable(lake, rawDatasetName(request.source));
  const newest = snapshotText(table);
  if (table === null || newest === null || newest === request.from) return null;
  const snapshots = snapshotsAfter(table, request.from);
  if (snapshots === null)
    throw new PlatformError(
      "engine-failed",
      `snapshot ${request.from} of raw.${request.source} is gone; rebuild the staged datasets from raw`,
    );
  let rows = 0;
  let to = newest;
  for (const snapshot of snapshots) {
    rows += Number(snapshot.summary["added-records"] ?? 0);
    to = String(snapshot["snapshot-id"]);
    if (rows >= request.maxRows) break;
  }
  const changes = await (await table.changes({ from: request.from, to })).toSql();
  const streams = request.only === null ? "" : ` AND stream IN (${["", ...request.only].map(literal).join(", ")})`;
  const others = request.except.length === 0 ? "" : ` AND stream NOT IN (${request.except.map(literal).join(", ")})`;
  const relation = `memory.main.delta_${lake.nextNumber()}`;
  lake.meters.narrow(table, READ);
  const select = `SELECT ${READ.join(", ")} FROM ${changes} WHERE _change_type = 'insert'${streams}${others}`;
  const kind = request.only?.length === 1 ? "VIEW" : "TABLE";
  return withConnection(lake, async (connection) => {
    await connection.run(`CREATE ${kind} ${relation} AS ${select}`);
    const counts = await rowsOf<{ stream: string; rows: bigint }>(
      connection,
      `SELECT stream, count(*) AS rows FROM ${relation} GROUP BY stream ORDER BY stream`,
    );
    return {
      source: request.source,
      from: request.from,
      to,
      rows: counts.reduce((sum, count) => sum + Number(count.rows), 0),
      streams: counts.map((count) => ({ stream: count.stream, rows: Number(count.rows) })),
      more: to !== newest,
      relation,
      close: () =>
        withConnection(lake, async (closing) => void (await closing.run(`DROP ${kind} IF EXISTS ${relation}`))),
    };
  });
}
