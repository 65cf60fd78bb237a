import type {
  NewTableRule,
  OpenBreaker,
  Refusal,
  SourceDiagnosis,
  SourceId,
  SourceKind,
  SourceState,
  StreamAction,
  StreamState,
} from "@nova/pipeline-core/connectors";
import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { Pool } from "pg";
import { readOpenBreakers } from "../repositories/source-breakers.ts";

export interface SourceFlow {
  readonly id: SourceId;
  readonly kind: SourceKind;
  readonly state: SourceState;
  readonly stateSince: Date;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
  readonly errorCount: number;
  readonly totalRows: number;
  readonly totalBytes: number;
  readonly dataThrough: Date | null;
  readonly lastEventAt: Date | null;
  /** Rows per second over the last minute. */
  readonly rowsPerSecond: number;
  /** Newest known lag; null when no sample came in the last two minutes or the source cannot tell. */
  readonly lagSeconds: number | null;
  readonly lagBytes: number | null;
  /** Rows per second in each of the last 30 minutes, oldest first; null = no sample. */
  readonly recent: readonly (number | null)[];
  readonly errorsLastHour: number;
  readonly streams: number;
  readonly streamsStreaming: number;
  readonly streamsSnapshotting: number;
  readonly streamsWaiting: number;
  readonly streamsFailed: number;
  /** Of the first read of existing rows, over all streams. */
  readonly rowsRead: number;
  readonly rowsExpected: number;
  /** Streams still to be read whose size is not known: then `rowsExpected` is too small. */
  readonly streamsUnsized: number;
  /** Received in the last 24 hours and not replayed. */
  readonly quarantined: number;
  readonly driftOpen: number;
  /** Bytes of log the source keeps on its disk for us, and what it says of them; null where there is none. */
  readonly retainedBytes: number | null;
  readonly slotState: string | null;
  readonly streamsPaused: number;
  readonly newTables: NewTableRule;
  /** Circuit breakers that are not closed. */
  readonly breakers: readonly OpenBreaker[];
}

export interface DiagnosisRow {
  readonly diagnosis: SourceDiagnosis | null;
  readonly diagnosedAt: Date | null;
}

export interface StreamRequestRow {
  readonly id: string;
  readonly stream: string | null;
  readonly action: StreamAction;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  readonly state: "open" | "done" | "failed";
  readonly message: string;
  readonly settledAt: Date | null;
}

export interface FlowBucket {
  readonly at: Date;
  readonly rowsPerSecond: number | null;
  readonly lagSeconds: number | null;
  readonly lagBytes: number | null;
  readonly errors: number;
}

export interface StreamRow {
  readonly name: string;
  readonly state: StreamState;
  readonly stateSince: Date;
  readonly description: string;
  readonly schemaVersion: number;
  readonly columns: number;
  readonly keyColumns: readonly string[];
  readonly rowsRead: number;
  readonly rowsExpected: number | null;
  readonly totalRows: number;
  readonly lastEventAt: Date | null;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
}

export interface QuarantineGroup {
  readonly reason: string;
  /** Not replayed. */
  readonly count: number;
  readonly lastAt: Date;
  readonly stream: string | null;
  readonly detail: string;
  /** What every one of them was refused for, in the words of `detail`; null where the words differ from one to the next. */
  readonly why: string | null;
  /** Unmasked: whoever shows it masks it first. */
  readonly payload: string;
  /** The last replay of the group: rows that were read again, and of them those that were refused once more since. */
  readonly replay: { readonly at: Date; readonly rows: number; readonly cameBack: number } | null;
}

export interface RefusalRow {
  readonly service: string;
  readonly outcome: Refusal;
  readonly requests: number;
  readonly records: number;
  readonly lastAt: Date;
}

type StoredReplay = Omit<NonNullable<QuarantineGroup["replay"]>, "at"> & { readonly at: string };

/** `since` and `step` of the charts; each range draws at most 144 points. */
export const FLOW_RANGES = {
  "1h": { seconds: 3_600, stepSeconds: 30 },
  "6h": { seconds: 6 * 3_600, stepSeconds: 180 },
  "24h": { seconds: 24 * 3_600, stepSeconds: 600 },
} as const;
export type FlowRange = keyof typeof FLOW_RANGES;

const PAYLOAD_CHARACTERS = 4_000;

export function sourcesReadModel(pool: Pick<Pool, "query">) {
  async function flow(now: Date, source: SourceId | null): Promise<SourceFlow[]> {
    const [{ rows }, open] = await Promise.all([
      pool.query<Omit<SourceFlow, "breakers">>(
        `WITH bins AS (
         SELECT source_id, floor(extract(epoch FROM at - ($1::timestamptz - interval '30 minutes')) / 60)::int AS bin, sum(rows)::float8 / 60 AS rate
           FROM flow_samples WHERE at > $1::timestamptz - interval '30 minutes' AND at <= $1 GROUP BY 1, 2)
       SELECT s.id, s.kind, s.state, s.state_since AS "stateSince", s.error_kind AS "errorKind", s.error_message AS "errorMessage",
              s.error_count::float8 AS "errorCount", s.total_rows::float8 AS "totalRows", s.total_bytes::float8 AS "totalBytes",
              s.data_through AS "dataThrough", s.last_event_at AS "lastEventAt",
              coalesce(minute.rate, 0) AS "rowsPerSecond", newest.lag_seconds AS "lagSeconds", newest.lag_bytes::float8 AS "lagBytes",
              ARRAY(SELECT b.rate FROM generate_series(0, 29) AS n(bin) LEFT JOIN bins b ON b.source_id = s.id AND b.bin = n.bin ORDER BY n.bin) AS recent,
              coalesce(hour.errors, 0) AS "errorsLastHour",
              st.streams, st.streaming AS "streamsStreaming", st.snapshotting AS "streamsSnapshotting", st.waiting AS "streamsWaiting", st.failed AS "streamsFailed",
              st.rows_read AS "rowsRead", st.rows_expected AS "rowsExpected", st.unsized AS "streamsUnsized", q.quarantined, d.open AS "driftOpen",
              s.retained_bytes::float8 AS "retainedBytes", s.slot_state AS "slotState", st.paused AS "streamsPaused",
              s.new_tables AS "newTables"
         FROM sources s
         LEFT JOIN LATERAL (SELECT sum(rows)::float8 / 60 AS rate FROM flow_samples WHERE source_id = s.id AND at > $1::timestamptz - interval '60 seconds' AND at <= $1) minute ON true
         LEFT JOIN LATERAL (SELECT lag_seconds, lag_bytes FROM flow_samples WHERE source_id = s.id AND at > $1::timestamptz - interval '2 minutes' AND at <= $1
                             ORDER BY at DESC LIMIT 1) newest ON true
         LEFT JOIN LATERAL (SELECT sum(errors)::int AS errors FROM flow_samples WHERE source_id = s.id AND at > $1::timestamptz - interval '1 hour' AND at <= $1) hour ON true
         CROSS JOIN LATERAL (SELECT count(*)::int AS streams, (count(*) FILTER (WHERE state = 'streaming'))::int AS streaming,
                                    (count(*) FILTER (WHERE state = 'snapshotting'))::int AS snapshotting, (count(*) FILTER (WHERE state = 'waiting'))::int AS waiting,
                                    (count(*) FILTER (WHERE state = 'failed'))::int AS failed, (count(*) FILTER (WHERE state = 'paused'))::int AS paused,
                                    (count(*) FILTER (WHERE state IN ('waiting', 'snapshotting') AND rows_expected IS NULL))::int AS unsized,
                                    coalesce(sum(rows_read), 0)::float8 AS rows_read, coalesce(sum(greatest(rows_expected, rows_read)), 0)::float8 AS rows_expected
                               FROM streams WHERE source_id = s.id) st
         CROSS JOIN LATERAL (SELECT count(*)::int AS quarantined FROM quarantine_items
                              WHERE source_id = s.id AND received_at > $1::timestamptz - interval '24 hours' AND replayed_at IS NULL) q
         CROSS JOIN LATERAL (SELECT count(*)::int AS open FROM drift_items WHERE source_id = s.id AND state = 'open') d
        WHERE $2::text IS NULL OR s.id = $2
        ORDER BY array_position(ARRAY['orders_db', 'salesforce', 'stripe', 'app_logs'], s.id), s.id`,
        [now, source],
      ),
      readOpenBreakers(pool),
    ]);
    return rows.map((row) => ({ ...row, breakers: open.filter((breaker) => breaker.source === row.id) }));
  }

  return {
    /** Every source with its state, flow and counts, in the order people think of them. */
    list: (now: Date): Promise<SourceFlow[]> => flow(now, null),
    async one(source: SourceId, now: Date): Promise<SourceFlow | null> {
      return (await flow(now, source))[0] ?? null;
    },
    /** Evenly spaced buckets from `range` ago until now; a bucket without a sample is null, not zero. */
    async chart(source: SourceId, range: FlowRange, now: Date): Promise<FlowBucket[]> {
      const { seconds, stepSeconds } = FLOW_RANGES[range];
      const { rows } = await pool.query<FlowBucket>(
        `WITH span AS (SELECT $2::timestamptz - make_interval(secs => $3) AS start)
         SELECT span.start + make_interval(secs => n.bin * $4) AS at, f.rate AS "rowsPerSecond", f.lag_seconds AS "lagSeconds",
                f.lag_bytes AS "lagBytes", coalesce(f.errors, 0) AS errors
           FROM span CROSS JOIN generate_series(0, ($3 / $4)::int - 1) AS n(bin)
           LEFT JOIN (SELECT floor(extract(epoch FROM at - span.start) / $4)::int AS bin, sum(rows)::float8 / $4 AS rate,
                             max(lag_seconds) AS lag_seconds, max(lag_bytes)::float8 AS lag_bytes, sum(errors)::int AS errors
                        FROM flow_samples, span WHERE source_id = $1 AND at >= span.start AND at < $2 GROUP BY 1) f ON f.bin = n.bin
          ORDER BY n.bin`,
        [source, now, seconds, stepSeconds],
      );
      return rows;
    },
    /** All streams of a source, those in trouble or behind first, then by name; sources have hundreds, not thousands (capped at 2,000). */
    async streams(source: SourceId): Promise<StreamRow[]> {
      const { rows } = await pool.query<StreamRow>(
        `SELECT name, state, state_since AS "stateSince", description, schema_version AS "schemaVersion", jsonb_array_length(columns) AS columns,
                key_columns AS "keyColumns", rows_read::float8 AS "rowsRead", rows_expected::float8 AS "rowsExpected", total_rows::float8 AS "totalRows",
                last_event_at AS "lastEventAt", error_kind AS "errorKind", error_message AS "errorMessage"
           FROM streams WHERE source_id = $1
          ORDER BY array_position(ARRAY['failed', 'paused', 'snapshotting', 'waiting', 'streaming'], state), name LIMIT 2000`,
        [source],
      );
      return rows;
    },
    /** What was refused in the last 14 days by reason and stream, what could not be read also by its words, with the newest of each as a sample; replayed groups last. */
    async quarantine(source: SourceId, now: Date): Promise<QuarantineGroup[]> {
      const { rows } = await pool.query<Omit<QuarantineGroup, "replay"> & { replay: StoredReplay | null }>(
        `WITH worded AS (SELECT *, CASE WHEN reason = 'malformed' THEN detail END AS why FROM quarantine_items
                          WHERE source_id = $1 AND received_at > $2::timestamptz - interval '14 days'),
              items AS (SELECT *, max(replayed_at) OVER (PARTITION BY reason, stream, why) AS last FROM worded)
         SELECT reason, stream, why, (count(*) FILTER (WHERE replayed_at IS NULL))::int AS count, max(received_at) AS "lastAt",
                (array_agg(detail ORDER BY received_at DESC))[1] AS detail, (array_agg(left(payload, $3) ORDER BY received_at DESC))[1] AS payload,
                CASE WHEN min(last) IS NOT NULL THEN json_build_object('at', min(last), 'rows', count(*) FILTER (WHERE replayed_at = last),
                  'cameBack', count(*) FILTER (WHERE replayed_at IS NULL AND received_at >= last)) END AS replay
           FROM items GROUP BY reason, stream, why ORDER BY count DESC, reason, stream, why LIMIT 100`,
        [source, now, PAYLOAD_CHARACTERS],
      );
      return rows.map(({ replay, ...group }) => ({
        ...group,
        replay: replay === null ? null : { ...replay, at: new Date(replay.at) },
      }));
    },
    /** What was turned away at the door in the last 24 hours, whole hours, by sender and reason. */
    async refusals(source: SourceId, now: Date): Promise<RefusalRow[]> {
      const { rows } = await pool.query<RefusalRow>(
        `SELECT service, outcome, sum(requests)::float8 AS requests, sum(records)::float8 AS records, max(last_at) AS "lastAt" FROM intake_refusals
          WHERE source_id = $1 AND hour > $2::timestamptz - interval '25 hours' GROUP BY 1, 2 ORDER BY max(last_at) DESC, 1, 2 LIMIT 100`,
        [source, now],
      );
      return rows;
    },
    /** What the last check of the source's requirements found. */
    async diagnosis(source: SourceId): Promise<DiagnosisRow> {
      const { rows } = await pool.query<DiagnosisRow>(
        `SELECT diagnosis, diagnosed_at AS "diagnosedAt" FROM sources WHERE id = $1`,
        [source],
      );
      return rows[0] ?? { diagnosis: null, diagnosedAt: null };
    },
    /** What people asked of its streams: what is still open first, then the latest; at most 30. */
    async requests(source: SourceId): Promise<StreamRequestRow[]> {
      const { rows } = await pool.query<StreamRequestRow>(
        `SELECT id, stream, action, requested_by AS "requestedBy", requested_at AS "requestedAt", state, message, settled_at AS "settledAt"
           FROM stream_requests WHERE source_id = $1 ORDER BY state <> 'open', requested_at DESC, id LIMIT 30`,
        [source],
      );
      return rows;
    },
  };
}
