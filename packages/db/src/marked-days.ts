/** By which parameters each day of dataset `$1` stands that ever stood by others than the defaults; null: by those again. */
export const LATEST_PARAMETERS =
  "SELECT DISTINCT ON (day) day, parameters, run_id, at FROM partition_parameters WHERE dataset = $1 ORDER BY day, seq DESC";

/** MarkedDays of dataset `$1`, in order. */
export const MARKED_DAYS = `SELECT min(day)::text AS "from", max(day)::text AS "to", parameters, run_id AS "runId", at
   FROM (SELECT *, day - (row_number() OVER (PARTITION BY parameters, run_id, at ORDER BY day))::int AS island
           FROM (${LATEST_PARAMETERS}) latest WHERE parameters IS NOT NULL) days
  GROUP BY parameters, run_id, at, island ORDER BY min(day)`;
