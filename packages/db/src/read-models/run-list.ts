import type { RunState } from "@nova/pipeline-core/orchestration";
import type { Db } from "../client.ts";

export interface ListedRun {
  readonly id: string;
  readonly pipeline: string;
  readonly trigger: string;
  readonly state: string;
  readonly createdAt: Date;
  readonly seconds: number | null;
  readonly rowsOut: number;
  readonly datasets: readonly string[];
  readonly error: string | null;
}

export interface RunListFilter {
  readonly state?: RunState;
  readonly dataset?: string;
  readonly limit: number;
}

/** Newest first. */
export async function listRuns(db: Pick<Db, "pool">, filter: RunListFilter): Promise<ListedRun[]> {
  const { rows } = await db.pool.query<Omit<ListedRun, "rowsOut"> & { rows_out: string }>(
    `SELECT id, pipeline, trigger, state, created_at AS "createdAt", extract(epoch FROM ended_at - started_at)::float8 AS seconds,
            rows_out, datasets, error_message AS error
       FROM runs WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR datasets @> ARRAY[$2])
      ORDER BY created_at DESC, id DESC LIMIT $3`,
    [filter.state ?? null, filter.dataset ?? null, filter.limit],
  );
  return rows.map(({ rows_out, ...row }) => ({ ...row, rowsOut: Number(rows_out) }));
}
