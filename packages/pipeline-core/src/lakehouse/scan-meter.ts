import type { Scanned } from "./scan-price.ts";

/** What scans are charged to. */
export const SCAN_KINDS = ["refresh", "backfill", "check", "gate", "comparison", "upkeep", "query"] as const;
export type ScanKind = (typeof SCAN_KINDS)[number];

/** Why a statement runs: it stands in front of the statement, so that the engine's own history can be charged back too. */
export interface StatementTag {
  readonly kind: Exclude<ScanKind, "query">;
  readonly dataset: string;
  readonly runId?: string;
  /** Of the step in that run. */
  readonly attempt?: number;
}

/** Adds up what the engine's calls made within `run` scan of the lake. */
export interface ScanMeter {
  /** May be called several times; calls may overlap. */
  run<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Of all calls that have ended so far, also those that threw. */
  total(): Scanned;
}

/** Where scans are charged that no step, check result, comparison with a source or query keeps. */
export interface ScanCharges {
  /** Adds to the dataset's day. Not idempotent: once for each piece of work. */
  charge(kind: "gate" | "comparison" | "upkeep", dataset: string, scanned: Scanned): Promise<void>;
}

/** The tag as an SQL comment. Athena keeps a statement's text with its `DataScannedInBytes`, which is how both are joined. */
export function tagComment({ kind, dataset, runId, attempt }: StatementTag): string {
  const words = [
    `kind=${kind}`,
    `dataset=${dataset}`,
    ...(runId === undefined ? [] : [`run=${runId}`, `step=${dataset}`]),
    ...(attempt === undefined ? [] : [`attempt=${attempt}`]),
  ];
  // A name cannot end the comment, whatever it holds.
  return `/* nova ${words.join(" ").replaceAll(/[^\w .:=-]/g, "_")} */`;
}
