import type { DatasetName } from "../catalog/index.ts";
import type { CheckDefinition, CheckResult } from "./model.ts";

/** Checks and their history. Idempotent by (dataset, check, at). */
export interface QualityStore {
  /** Inserts or updates definitions; checks of the named datasets that are no longer declared are removed with their history. */
  saveChecks(datasets: readonly DatasetName[], checks: readonly CheckDefinition[]): Promise<void>;
  /** Appends results and updates each check's last outcome and since when it stands. */
  recordResults(results: readonly CheckResult[]): Promise<void>;
}
