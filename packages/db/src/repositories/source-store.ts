import type { SourceStore } from "@nova/pipeline-core/connectors";
import { sourceBreakers } from "./source-breakers.ts";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { announce, throttledAnnounce } from "./announce.ts";
import { leaseCte } from "./lease-guard.ts";
import { inTransaction, rowsJson, type StoreContext, type StoreDb } from "./store-context.ts";
import { loadStreams, saveStreamSchemas } from "./stream-schemas.ts";

export function sourceStore(db: StoreDb, { clock, ids }: StoreContext): SourceStore {
  const announceOften = throttledAnnounce(clock);
  const update = async (source: string, text: string, values: unknown[]): Promise<void> => {
    const { rowCount } = await db.pool.query(text, values);
    if (rowCount === 0) throw notRegistered(source);
  };
  return {
    async registerSource({ id, kind, configured }) {
      await db.pool.query(
        `INSERT INTO sources (id, kind, state, state_since)
         VALUES ($1, $2, CASE WHEN $3::boolean THEN 'connecting' ELSE 'not-configured' END, $4)
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind,
           state = CASE WHEN $3::boolean AND sources.state <> 'not-configured' THEN sources.state ELSE excluded.state END,
           state_since = CASE WHEN sources.state = excluded.state OR ($3::boolean AND sources.state <> 'not-configured')
                              THEN sources.state_since ELSE excluded.state_since END`,
        [id, kind, configured, clock.now()],
      );
      await announce(db.pool, "source", [id]);
    },

    async setSourceState(source, state, error) {
      await update(
        source,
        `UPDATE sources SET state = $2, state_since = CASE WHEN state = $2 THEN state_since ELSE $3 END,
           error_kind = $4, error_message = $5, error_count = error_count + CASE WHEN $4::text IS NULL THEN 0 ELSE 1 END
         WHERE id = $1`,
        [source, state, clock.now(), error?.kind ?? null, error?.message ?? null],
      );
      await announce(db.pool, "source", [source]);
    },

    async position(source) {
      const { rows } = await db.pool.query<{ position: string | null }>("SELECT position FROM sources WHERE id = $1", [
        source,
      ]);
      return rows[0]?.position ?? null;
    },

    async advancePosition(tx, { source, epoch, from, to, at }) {
      const { rowCount } = await tx.query(
        `WITH ${leaseCte(2)}
         UPDATE sources SET position = $4, position_at = $5
          WHERE id = $1 AND position IS NOT DISTINCT FROM $3 AND EXISTS (SELECT FROM lease)`,
        [source, epoch, from, to, at],
      );
      if (rowCount === 1) return;
      throw new PlatformError(
        "stale-writer",
        `${source} no longer stands at ${from ?? "its start"}, or lease ${epoch} was taken over`,
        {
          detail: { source, from, to, epoch: epoch.toString() },
        },
      );
    },

    ...sourceBreakers(db),

    async saveDiagnosis(source, diagnosis) {
      await update(source, "UPDATE sources SET diagnosis = $2, diagnosed_at = $3 WHERE id = $1", [
        source,
        JSON.stringify(diagnosis),
        clock.now(),
      ]);
      await announce(db.pool, "source", [source]);
    },

    async setDataThrough(source, through) {
      await update(source, "UPDATE sources SET data_through = greatest(data_through, $2) WHERE id = $1", [
        source,
        through,
      ]);
      await announceOften(db.pool, "source", [source]);
    },

    async dataThrough(source) {
      const { rows } = await db.pool.query<{ through: Date | null }>(
        "SELECT data_through AS through FROM sources WHERE id = $1",
        [source],
      );
      return rows[0]?.through ?? null;
    },

    streams: (source) => loadStreams(db.pool, source),

    async saveStreamSchemas(source, schemas, seen = {}) {
      const saved = await saveStreamSchemas(db.pool, { clock, ids }, source, schemas, seen);
      await announce(db.pool, "source", [source]);
      return saved;
    },

    async saveSnapshotProgress(tx, progress) {
      const { rowCount } = await tx.query(
        `UPDATE streams SET state = $3, state_since = CASE WHEN state = $3 THEN state_since ELSE $4 END,
           rows_read = $5, rows_expected = $6, cursor = $7, error_kind = NULL, error_message = NULL
         WHERE source_id = $1 AND name = $2`,
        [
          progress.source,
          progress.stream,
          progress.state,
          clock.now(),
          progress.rowsRead,
          progress.rowsExpected,
          progress.cursor,
        ],
      );
      if (rowCount === 0)
        throw new PlatformError("not-found", `stream ${progress.source}/${progress.stream} is not known`);
      await announceOften(tx as Parameters<typeof announce>[0], "source", [progress.source]);
    },

    async setStreamState(source, stream, state, error) {
      const { rowCount } = await db.pool.query(
        `UPDATE streams SET state = $3, state_since = CASE WHEN state = $3 THEN state_since ELSE $4 END, error_kind = $5, error_message = $6
         WHERE source_id = $1 AND name = $2`,
        [source, stream, state, clock.now(), error?.kind ?? null, error?.message ?? null],
      );
      if (rowCount === 0) throw new PlatformError("not-found", `stream ${source}/${stream} is not known`);
      await announceOften(db.pool, "source", [source]);
    },

    // One transaction: a source without a position whose streams count as read would miss their rows for ever.
    resetSource: (source) =>
      inTransaction(db.pool, async (tx) => {
        const { rowCount } = await tx.query(
          "UPDATE sources SET position = NULL, position_at = NULL, slot_state = NULL, retained_bytes = NULL WHERE id = $1",
          [source],
        );
        if (rowCount === 0) throw notRegistered(source);
        await tx.query(
          `UPDATE streams SET state = 'waiting', state_since = $2, rows_read = 0, rows_expected = NULL, cursor = NULL, error_kind = NULL, error_message = NULL
            WHERE source_id = $1`,
          [source, clock.now()],
        );
        await announce(tx, "source", [source]);
      }),

    async recordFlow(sample) {
      // One statement: the sample joins its 10-second slot, the source's totals move with it.
      await update(
        sample.source,
        `WITH slot AS (
           INSERT INTO flow_samples AS f (source_id, at, rows, bytes, errors, lag_seconds, lag_bytes)
           SELECT id, date_bin('10 seconds', $2::timestamptz, 'epoch'), $3, $4, $5, $6, $7 FROM sources WHERE id = $1
           ON CONFLICT (source_id, at) DO UPDATE SET rows = f.rows + excluded.rows, bytes = f.bytes + excluded.bytes,
             errors = f.errors + excluded.errors, lag_seconds = excluded.lag_seconds, lag_bytes = excluded.lag_bytes)
         UPDATE sources SET total_rows = total_rows + $3, total_bytes = total_bytes + $4, error_count = error_count + $5,
           last_event_at = greatest(last_event_at, $8), retained_bytes = coalesce($9, retained_bytes), slot_state = coalesce($10, slot_state) WHERE id = $1`,
        [
          sample.source,
          sample.at,
          sample.rows,
          sample.bytes,
          sample.errors,
          sample.lagSeconds,
          sample.lagBytes,
          sample.lastEventAt,
          sample.retainedBytes ?? null,
          sample.slotState ?? null,
        ],
      );
      await announceOften(db.pool, "source", [sample.source]);
    },

    async countStreamRows(source, counts) {
      if (counts.length === 0) return;
      await db.pool.query(
        `UPDATE streams s SET total_rows = s.total_rows + c.rows, last_event_at = greatest(s.last_event_at, c."lastEventAt")
           FROM jsonb_to_recordset($2::jsonb) AS c (stream text, rows bigint, "lastEventAt" timestamptz)
          WHERE s.source_id = $1 AND s.name = c.stream`,
        [source, rowsJson(counts)],
      );
      await announceOften(db.pool, "source", [source]);
    },
  };
}

function notRegistered(source: string): PlatformError {
  return new PlatformError("not-found", `source ${source} is not registered`);
}
