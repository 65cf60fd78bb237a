import "server-only";
import {
  type EnvironmentPair,
  type KeptSnapshot,
  keptSnapshotsSchema,
  type RowDiffStatus,
  rowDiffStatusSchema,
  type SnapshotPair,
  type TableDiffSummary,
  tableDiffSummarySchema,
} from "@nova/pipeline-core/orchestration";
import { z } from "zod";
import { askWorker, type WorkerAddress } from "./ask-worker.ts";

/** Snapshots of datasets and two of them beside each other, as the worker knows them. */
export interface WorkerDiffs {
  /** Newest first. */
  snapshots(dataset: string): Promise<KeptSnapshot[]>;
  summary(pair: SnapshotPair): Promise<TableDiffSummary>;
  /** Other environments that are configured. */
  environments(): Promise<string[]>;
  /** The dataset here and there, as both are now. */
  against(pair: EnvironmentPair): Promise<TableDiffSummary>;
  /** The worker looks up by itself what the user may see in the clear. Asked again until it has ended. */
  rows(pair: SnapshotPair, userId: string): Promise<RowDiffStatus>;
}

const ANSWER = {
  timeoutMillis: 10_000,
  silent: "The worker does not answer; it is the one that compares.",
} as const;

export function workerDiffs(address: WorkerAddress): WorkerDiffs {
  return {
    snapshots: (dataset) =>
      askWorker(address, "/diffs/snapshots", keptSnapshotsSchema, { ...ANSWER, body: { dataset } }),
    summary: (pair) => askWorker(address, "/diffs/summary", tableDiffSummarySchema, { ...ANSWER, body: pair }),
    environments: () => askWorker(address, "/diffs/environments", z.array(z.string()), ANSWER),
    against: (pair) => askWorker(address, "/diffs/against", tableDiffSummarySchema, { ...ANSWER, body: pair }),
    rows: (pair, userId) =>
      askWorker(address, "/diffs/rows", rowDiffStatusSchema, { ...ANSWER, body: { ...pair, userId } }),
  };
}
