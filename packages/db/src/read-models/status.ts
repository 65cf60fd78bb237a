import { type FreshnessState, judgeFreshness } from "@nova/pipeline-core/catalog";
import { breakerText } from "@nova/pipeline-core/connectors";
import type { Clock } from "@nova/pipeline-core/kernel";
import type { Db } from "../client.ts";
import { readOpenBreakers } from "../repositories/source-breakers.ts";
import { type PauseRow, steeringReadModel } from "./steering.ts";

export interface SourceStatus {
  readonly id: string;
  readonly kind: string;
  readonly state: string;
  readonly since: Date;
  /** Rows a second over the last minute. */
  readonly rowsPerSecond: number;
  readonly lagSeconds: number | null;
  readonly lagBytes: number | null;
  readonly lastEventAt: Date | null;
  readonly dataThrough: Date | null;
  readonly totalRows: number;
  readonly errors: number;
  /** What is wrong now; null while all is well. */
  readonly error: string | null;
  /** Circuit breakers that are not closed, in words. */
  readonly breakers: readonly string[];
}

export interface DatasetStatus {
  readonly name: string;
  readonly layer: string;
  readonly freshness: FreshnessState;
  readonly ageSeconds: number | null;
  readonly targetLagSeconds: number;
  readonly dataThrough: Date | null;
  readonly rows: number | null;
  readonly failedChecks: number;
}

export interface PlatformStatus {
  readonly at: Date;
  readonly sources: readonly SourceStatus[];
  readonly datasets: readonly DatasetStatus[];
  /** Pipelines that a person paused. */
  readonly pauses: readonly PauseRow[];
}

interface SourceRow extends Omit<
  SourceStatus,
  "rowsPerSecond" | "lagSeconds" | "lagBytes" | "totalRows" | "errors" | "breakers"
> {
  rows_minute: string;
  lag_seconds: number | null;
  lag_bytes: string | null;
  total_rows: string;
  errors: string;
}

/** Sources in the order of their ids; the lag is the newest sample's, null when that is older than two minutes. */
export async function readSources(db: Pick<Db, "pool">, now: Date): Promise<SourceStatus[]> {
  const { rows } = await db.pool.query<SourceRow>(
    `SELECT s.id, s.kind, s.state, s.state_since AS since, s.last_event_at AS "lastEventAt", s.data_through AS "dataThrough",
            s.total_rows, s.error_count AS errors, s.error_kind || ': ' || s.error_message AS error,
            coalesce(f.rows_minute, 0) AS rows_minute, l.lag_seconds, l.lag_bytes
       FROM sources s
       LEFT JOIN LATERAL (SELECT sum(rows) AS rows_minute FROM flow_samples
                           WHERE source_id = s.id AND at > $1::timestamptz - interval '70 seconds' AND at <= $1::timestamptz - interval '10 seconds') f ON true
       LEFT JOIN LATERAL (SELECT lag_seconds, lag_bytes FROM flow_samples
                           WHERE source_id = s.id AND at > $1::timestamptz - interval '2 minutes' ORDER BY at DESC LIMIT 1) l ON true
      ORDER BY s.id`,
    [now],
  );
  const open = await readOpenBreakers(db.pool);
  return rows.map(({ rows_minute, lag_seconds, lag_bytes, total_rows, errors, ...row }) => ({
    ...row,
    rowsPerSecond: Number(rows_minute) / 60,
    lagSeconds: lag_seconds,
    lagBytes: lag_bytes === null ? null : Number(lag_bytes),
    totalRows: Number(total_rows),
    errors: Number(errors),
    breakers: open.filter(({ source }) => source === row.id).map((breaker) => breakerText(breaker.part, breaker)),
  }));
}

/** Everything `nova status` prints, in three queries. `search` finds middles of names, columns and descriptions. */
export async function readStatus(db: Pick<Db, "pool">, clock: Clock, search = ""): Promise<PlatformStatus> {
  const at = clock.now();
  const [sources, datasets, pauses] = await Promise.all([
    readSources(db, at),
    readDatasets(db, at, search),
    steeringReadModel(db.pool).pauses(),
  ]);
  return { at, sources, datasets, pauses };
}

async function readDatasets(db: Pick<Db, "pool">, now: Date, search: string): Promise<DatasetStatus[]> {
  const { rows } = await db.pool.query<{
    name: string;
    layer: string;
    target: number;
    through: Date | null;
    rows: string | null;
    failed: string;
  }>(
    `SELECT d.name, d.layer, d.target_lag_seconds AS target, d.data_through AS through, d.row_count AS rows,
            (SELECT count(*) FROM checks c WHERE c.dataset = d.name AND c.last_outcome = 'failed' AND c.kind <> 'freshness') AS failed
       FROM datasets d
      WHERE d.search_text LIKE ALL (SELECT '%' || replace(replace(replace(word, '\\', '\\\\'), '%', '\\%'), '_', '\\_') || '%'
                                      FROM unnest(regexp_split_to_array(lower(trim($1)), '\\s+')) AS word)
      ORDER BY array_position(ARRAY['mart', 'curated', 'staged', 'raw', 'export'], d.layer), d.name`,
    [search],
  );
  return rows.map((row) => {
    const { state, ageSeconds } = judgeFreshness(row.through, row.target, now);
    return {
      name: row.name,
      layer: row.layer,
      freshness: state,
      ageSeconds,
      targetLagSeconds: row.target,
      dataThrough: row.through,
      rows: row.rows === null ? null : Number(row.rows),
      failedChecks: Number(row.failed),
    };
  });
}
