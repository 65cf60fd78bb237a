import { DAY } from "@nova/pipeline-core/kernel";
import { SCAN_PRICE, type ScanKind } from "@nova/pipeline-core/lakehouse";
import type { Sql } from "../../repositories/announce.ts";
import { rowsJson } from "../../repositories/store-context.ts";
import type { Dice } from "../random.ts";
import { ENTRIES } from "./tables.ts";

const DAYS = 40;
/** Queries a day at most, and megabytes that one scans at most. */
const SIZES: Record<ScanKind, readonly [queries: number, megabytes: number]> = {
  refresh: [900, 60],
  backfill: [12, 900],
  check: [140, 200],
  gate: [14, 80],
  comparison: [4, 700],
  upkeep: [30, 250],
  query: [60, 300],
};

/** Forty days of scans, the dearest of curated datasets and marts, and what the steps of the runs scanned. */
export async function seedCosts(sql: Sql, now: Date, dice: Dice): Promise<void> {
  const rows: object[] = [];
  for (let back = 0; back < DAYS; back += 1) {
    const day = new Date(now.getTime() - back * DAY).toISOString().slice(0, 10);
    for (const { name } of ENTRIES) {
      if (name.startsWith("raw.")) continue;
      for (const kind of kindsOf(name, dice)) {
        const [most, megabytes] = SIZES[kind];
        const queries = dice.between(1, most);
        const scanned = queries * dice.between(1, megabytes) * 1_000_000;
        const billed = Math.max(scanned, queries * SCAN_PRICE.leastBytes);
        rows.push({ day, dataset: name, kind, scanned, billed, queries });
      }
    }
  }
  await sql.query(
    `INSERT INTO dataset_scan_days (day, dataset, kind, scanned_bytes, billed_bytes, queries)
     SELECT day, dataset, kind, scanned, billed, queries FROM jsonb_to_recordset($1::jsonb)
         AS d (day date, dataset text, kind text, scanned bigint, billed bigint, queries bigint)`,
    [rowsJson(rows)],
  );
  await sql.query(
    `UPDATE steps SET scanned_bytes = rows_in * 90, billed_bytes = greatest(rows_in * 90, $1 * attempt), scan_queries = attempt WHERE rows_in IS NOT NULL`,
    [SCAN_PRICE.leastBytes],
  );
}

function kindsOf(name: string, dice: Dice): ScanKind[] {
  const kinds: ScanKind[] = ["refresh", "check", "upkeep"];
  if (name.startsWith("staged.")) return dice.share() < 0.1 ? [...kinds, "comparison"] : kinds;
  if (dice.share() < 0.1) kinds.push("backfill");
  return [...kinds, "query"];
}
