import { addScanned, type Scanned, type ScanKind } from "@nova/pipeline-core/lakehouse";
import { rowsJson } from "./store-context.ts";
import type { Sql } from "./announce.ts";

const ADD_UP = `ON CONFLICT (day, dataset, kind) DO UPDATE SET scanned_bytes = d.scanned_bytes + excluded.scanned_bytes,
  billed_bytes = d.billed_bytes + excluded.billed_bytes, queries = d.queries + excluded.queries`;

/** For an UPDATE of a step: what one more attempt scanned. The parameters hold bytes, billed bytes and queries. */
export function addToStep(bytes: string, billed: string, queries: string): string {
  return `scanned_bytes = coalesce(scanned_bytes, 0) + ${bytes}, billed_bytes = coalesce(billed_bytes, 0) + ${billed},
    scan_queries = coalesce(scan_queries, 0) + ${queries}`;
}

/**
 * Two more parts of a WITH that has `step` (run_id, dataset), the step that was just ended: the same statement charges its
 * dataset's day, and the backfill that the run belongs to. Whoever ends a step does it once, so it is charged once.
 */
export function chargeStep(at: string, bytes: string, billed: string, queries: string): string {
  return `charged AS (
      INSERT INTO dataset_scan_days AS d (day, dataset, kind, scanned_bytes, billed_bytes, queries)
      SELECT (${at}::timestamptz AT TIME ZONE 'UTC')::date, s.dataset, CASE r.trigger WHEN 'backfill' THEN 'backfill' ELSE 'refresh' END,
             ${bytes}::bigint, ${billed}::bigint, ${queries}::bigint
        FROM step s JOIN runs r ON r.id = s.run_id WHERE ${queries}::bigint > 0 ${ADD_UP}),
    of_backfill AS (
      UPDATE backfills b SET scanned_bytes = b.scanned_bytes + ${bytes}::bigint, billed_bytes = b.billed_bytes + ${billed}::bigint
        FROM (SELECT DISTINCT p.backfill_id FROM step s JOIN backfill_partitions p ON p.run_id = s.run_id) of
       WHERE b.id = of.backfill_id AND ${queries}::bigint > 0)`;
}

/** Bytes, billed bytes and queries, as `chargeStep` takes them. */
export function scanParameters(scanned: Scanned | undefined): readonly [number, number, number] {
  return [scanned?.bytes ?? 0, scanned?.billedBytes ?? 0, scanned?.queries ?? 0];
}

/** Adds to the day of each dataset, in the transaction that keeps what scanned. */
export async function chargeScans(
  tx: Sql,
  at: Date,
  kind: Exclude<ScanKind, "refresh" | "backfill">,
  scans: readonly (readonly [dataset: string, scanned: Scanned])[],
): Promise<void> {
  const sums = new Map<string, Scanned>();
  for (const [dataset, scanned] of scans) {
    const sum = sums.get(dataset);
    sums.set(dataset, sum === undefined ? scanned : addScanned(sum, scanned));
  }
  const charged = [...sums].filter(([, { billedBytes }]) => billedBytes > 0);
  if (charged.length === 0) return;
  await tx.query(
    `INSERT INTO dataset_scan_days AS d (day, dataset, kind, scanned_bytes, billed_bytes, queries)
     SELECT ($2::timestamptz AT TIME ZONE 'UTC')::date, dataset, $3, bytes, "billedBytes", queries
       FROM jsonb_to_recordset($1::jsonb) AS s (dataset text, bytes bigint, "billedBytes" bigint, queries bigint) ORDER BY dataset ${ADD_UP}`,
    [rowsJson(charged.map(([dataset, scanned]) => ({ dataset, ...scanned }))), at, kind],
  );
}
