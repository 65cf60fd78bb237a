import { dollarText, scanDollars } from "@nova/pipeline-core/cost";
import type { CostGroup } from "@nova/pipeline-core/cost";
import type { ScanKind } from "@nova/pipeline-core/lakehouse";
import { formatBytes } from "@/ui/format.ts";
import type { CostRange } from "./cost-range.ts";

export const KIND_WORDS: Record<ScanKind, string> = {
  refresh: "Refreshes",
  backfill: "Backfills",
  check: "Checks",
  gate: "Checks of gates",
  comparison: "Comparisons",
  upkeep: "Upkeep of tables",
  query: "People's queries",
};

export const GROUP_WORDS: Record<CostGroup, string> = {
  dataset: "Dataset",
  pipeline: "Pipeline",
  owner: "Owner",
  kind: "Kind",
};

export const RANGE_WORDS: Record<CostRange, string> = {
  month: "This month",
  "last-month": "Last month",
  "7d": "7 days",
  "30d": "30 days",
  "90d": "90 days",
};

/** What stands for a dataset that is in no pipeline or no longer in the catalog. */
export function nameText(by: CostGroup, name: string): string {
  if (by === "kind") return KIND_WORDS[name as ScanKind];
  return name === "" ? `No ${GROUP_WORDS[by].toLowerCase()}` : name;
}

/** `12 MB scanned, $0.0001`; null: recorded before scans were measured. */
export function scanCost(scannedBytes: number | null, billedBytes: number | null): string | null {
  if (scannedBytes === null || billedBytes === null) return null;
  if (billedBytes === 0) return "nothing scanned";
  return `${formatBytes(scannedBytes)} scanned, ${dollarText(scanDollars(billedBytes))}`;
}
