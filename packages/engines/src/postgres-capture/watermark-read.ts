import type pg from "pg";
import { to as copyTo } from "pg-copy-streams";
import type { SourceTable } from "./catalog.ts";
import { copyRowReader } from "./copy-rows.ts";
import { type Lsn, parseLsn } from "./lsn.ts";
import { copySql, type KeyValues } from "./table-sql.ts";
import { runningIn } from "./visibility.ts";

/** What one read of a table beside the stream found, and how it stands to the stream. */
export interface WatermarkChunk {
  readonly keys: readonly (string | null)[];
  readonly payloads: readonly string[];
  /** Fewer rows than asked for: nothing is left behind them. */
  readonly last: boolean;
  /** Whether a transaction was not yet visible to the read. */
  readonly running: (xid: number) => boolean;
}

export interface ChunkRequest {
  readonly after: KeyValues | null;
  /** Just these rows; null = in key order from `after` on. */
  readonly only: readonly KeyValues[] | null;
  /** Keys from here on and up to there, both included. */
  readonly from: KeyValues | null;
  readonly through: KeyValues | null;
  readonly limit: number;
}

const MARK_SQL = "SELECT pg_logical_emit_message(false, 'nova.watermark', '')";
/** A chunk that takes longer fails its stream: the stream of changes waits for it meanwhile. */
const CHUNK_TIMEOUT_MILLIS = 60_000;

/** The low watermark, taken before the read: what commits at or behind it comes after the rows in the stream. */
export async function takeWatermark(client: pg.Client): Promise<Lsn> {
  const { rows } = await client.query<{ lsn: string }>("SELECT pg_current_wal_flush_lsn()::text AS lsn");
  return parseLsn(rows[0]?.lsn ?? "");
}

/**
 * Reads up to `limit` rows under a snapshot taken after a watermark. A row may show a change that commits behind the mark:
 * the stream then tells it again. It must not miss one from before the mark: a transaction whose commit record stands
 * before it may still be invisible for a moment, so the caller asks `running` about those it received, and reads again.
 */
export async function readChunk(client: pg.Client, table: SourceTable, request: ChunkRequest): Promise<WatermarkChunk> {
  const keys: (string | null)[] = [];
  const payloads: string[] = [];
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  try {
    await client.query(`SET LOCAL statement_timeout = ${CHUNK_TIMEOUT_MILLIS}`);
    const seen = await client.query<{ snapshot: string }>("SELECT pg_current_snapshot()::text AS snapshot");
    const reader = copyRowReader(
      table.columns.map((column) => column.name),
      table.key,
      (key, payload) => {
        keys.push(key);
        payloads.push(payload);
      },
    );
    for await (const chunk of client.query(copyTo(copySql(table, request)))) reader.push(chunk as Buffer);
    await client.query("COMMIT");
    // Something must come behind the mark, or an idle source would never tell that it passed it.
    await client.query(MARK_SQL);
    return {
      keys,
      payloads,
      last: table.key.length === 0 || request.only !== null || payloads.length < request.limit,
      running: runningIn(seen.rows[0]?.snapshot ?? ""),
    };
  } catch (error) {
    await client.query("ROLLBACK").catch(() => undefined);
    throw error;
  }
}
