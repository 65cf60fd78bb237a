import type { FreshnessState } from "@nova/pipeline-core/catalog";
import type { Pool } from "pg";

/** Ranges of the freshness chart, with the width of a bucket. */
export const FRESHNESS_RANGES = {
  "1h": { seconds: 3_600, stepSeconds: 60 },
  "24h": { seconds: 86_400, stepSeconds: 900 },
  "7d": { seconds: 604_800, stepSeconds: 7_200 },
} as const;
export type FreshnessRange = keyof typeof FRESHNESS_RANGES;

export interface FreshnessBucket {
  /** Start of the bucket. */
  readonly at: Date;
  /** The oldest the data was; null without a sample. */
  readonly ageSeconds: number | null;
  /** The worst of the bucket; null without a sample, which is not the same as fresh. */
  readonly state: FreshnessState | null;
}

export interface FreshnessHistory {
  readonly buckets: readonly FreshnessBucket[];
  /** Part of the time we know of, 0–1, in which the data was fresh; null when nothing is known. */
  readonly freshShare: number | null;
  /** Part of the whole range for which samples exist, 0–1. */
  readonly knownShare: number;
}

/** A sample stands for the time until the next one, at most this long: the store rolls up to ten minutes. */
const SAMPLE_HOLDS = "10 minutes";

export function datasetFreshnessReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Evenly spaced buckets up to now with the worst of each. */
    async history(name: string, range: FreshnessRange, now: Date): Promise<FreshnessHistory> {
      const { seconds, stepSeconds } = FRESHNESS_RANGES[range];
      const { rows } = await pool.query<FreshnessBucket & { fresh: number | null; known: number | null }>(
        `WITH span AS (SELECT $2::timestamptz - make_interval(secs => $3) AS start),
         samples AS (
           SELECT at, age_seconds, state, floor(extract(epoch FROM at - span.start) / $4)::int AS bin,
                  extract(epoch FROM least(coalesce(lead(at) OVER (ORDER BY at), $2::timestamptz), at + interval '${SAMPLE_HOLDS}') - at) AS held
             FROM freshness_samples, span WHERE dataset = $1 AND at >= span.start AND at <= $2),
         total AS (SELECT sum(held) FILTER (WHERE state = 'fresh')::float8 AS fresh, sum(held)::float8 AS known FROM samples)
         SELECT span.start + make_interval(secs => n.bin * $4) AS at, s.age AS "ageSeconds", s.state, total.fresh, total.known
           FROM span CROSS JOIN total CROSS JOIN generate_series(0, ($3 / $4)::int - 1) AS n(bin)
           LEFT JOIN (SELECT bin, max(age_seconds) AS age,
                             CASE WHEN bool_or(state = 'late') THEN 'late' WHEN bool_or(state = 'unknown') THEN 'unknown' ELSE 'fresh' END AS state
                        FROM samples GROUP BY bin) s ON s.bin = n.bin
          ORDER BY n.bin`,
        [name, now, seconds, stepSeconds],
      );
      const known = rows[0]?.known ?? 0;
      return {
        buckets: rows.map(({ at, ageSeconds, state }) => ({ at, ageSeconds, state })),
        freshShare: known === 0 ? null : (rows[0]?.fresh ?? 0) / known,
        knownShare: Math.min(1, known / seconds),
      };
    },
  };
}
