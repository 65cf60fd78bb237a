import type { CostGroup } from "@nova/pipeline-core/cost";
import type { ScanKind } from "@nova/pipeline-core/lakehouse";
import type { Pool } from "pg";

/** What to sum: UTC days, both included, and of whom. Null: all. */
export interface CostFilter {
  readonly from: string;
  readonly to: string;
  readonly dataset: string | null;
  readonly pipeline: string | null;
  readonly owner: string | null;
  readonly kind: ScanKind | null;
}

/** Bytes as they were scanned and as they are billed; the price is the core's. */
export interface ScanSum {
  readonly scannedBytes: number;
  readonly billedBytes: number;
  readonly queries: number;
}

export interface CostDay extends ScanSum {
  /** `2026-11-23`, UTC. */
  readonly day: string;
  readonly kind: ScanKind;
}

export interface CostRow extends ScanSum {
  /** Of the group; empty for datasets that are in no pipeline, or no longer in the catalog. */
  readonly name: string;
}

export interface CostMonth {
  readonly billedBytes: number;
  /** The first day that anything was charged on, ever; null: nothing was yet. */
  readonly since: Date | null;
}

const SUMS = `sum(d.scanned_bytes)::float8 AS "scannedBytes", sum(d.billed_bytes)::float8 AS "billedBytes", sum(d.queries)::float8 AS queries`;
const CHARGED = `dataset_scan_days d LEFT JOIN datasets s ON s.name = d.dataset
  WHERE d.day BETWEEN $1::date AND $2::date AND ($3::text IS NULL OR d.dataset = $3) AND ($4::text IS NULL OR coalesce(s.pipeline, '') = $4)
    AND ($5::text IS NULL OR coalesce(s.owner, '') = $5) AND ($6::text IS NULL OR d.kind = $6)`;
const NAME: Record<CostGroup, string> = {
  dataset: "d.dataset",
  pipeline: "coalesce(s.pipeline, '')",
  owner: "coalesce(s.owner, '')",
  kind: "d.kind",
};

/** What was scanned of the lake and is charged to whom: a few rows a dataset and day, however many runs there were. */
export function costReadModel(pool: Pick<Pool, "query">) {
  const parameters = ({ from, to, dataset, pipeline, owner, kind }: CostFilter) => [
    from,
    to,
    dataset,
    pipeline,
    owner,
    kind,
  ];
  return {
    /** Oldest first; days without a scan are not there. */
    async days(filter: CostFilter): Promise<CostDay[]> {
      const { rows } = await pool.query<CostDay>(
        `SELECT to_char(d.day, 'YYYY-MM-DD') AS day, d.kind, ${SUMS} FROM ${CHARGED} GROUP BY d.day, d.kind ORDER BY d.day, d.kind`,
        parameters(filter),
      );
      return rows;
    },

    /** The dearest first. */
    async groups(by: CostGroup, filter: CostFilter): Promise<CostRow[]> {
      const { rows } = await pool.query<CostRow>(
        `SELECT ${NAME[by]} AS name, ${SUMS} FROM ${CHARGED} GROUP BY 1 ORDER BY 3 DESC, 1`,
        parameters(filter),
      );
      return rows;
    },

    /** Everything that was charged from `from` on, whoever it was for. */
    async month(from: Date): Promise<CostMonth> {
      const { rows } = await pool.query<CostMonth>(
        `SELECT (SELECT coalesce(sum(billed_bytes), 0)::float8 FROM dataset_scan_days WHERE day >= ($1::timestamptz AT TIME ZONE 'UTC')::date) AS "billedBytes",
                (SELECT min(day)::timestamp AT TIME ZONE 'UTC' FROM dataset_scan_days) AS since`,
        [from],
      );
      return rows[0] ?? { billedBytes: 0, since: null };
    },
  };
}
