import { z } from "zod";
import { type ErrorKind, POLICY } from "../kernel/index.ts";
import {
  DIFF_PHASE_WORDS,
  type DiffPhase,
  type KeptSnapshot,
  type RowDiffStatus,
  type TableDiffSummary,
} from "./table-diff.ts";

/** As the worker's API gives it. */
const text = z.string();
const time = z.coerce.date();
const column = z.object({ id: z.number(), name: text, type: text });
const snapshot = z.object({
  snapshotId: text.nullable(),
  state: z.enum(["kept", "expired", "empty"]),
  committedAt: time.nullable(),
  rows: z.number().nullable(),
});

export const keptSnapshotsSchema: z.ZodType<KeptSnapshot[]> = z.array(
  z.object({
    snapshotId: text,
    committedAt: time,
    rows: z.number(),
    wrote: z.enum(["rows", "upkeep"]),
    current: z.boolean(),
  }),
);

export const tableDiffSummarySchema: z.ZodType<TableDiffSummary> = z.object({
  dataset: text,
  before: text.nullable(),
  after: text,
  environment: text.optional(),
  snapshots: z.object({ before: snapshot, after: snapshot }),
  schema: z
    .object({
      added: z.array(column),
      dropped: z.array(column),
      changed: z.array(column.extend({ nameBefore: text, typeBefore: text })),
      replaced: z.array(z.object({ name: text, typeBefore: text, type: text })),
    })
    .nullable(),
  key: z.array(text),
  rowsToRead: z.number().nullable(),
});

const row = z.array(text.nullable());
const diff = z.object({
  by: z.enum(["key", "row"]),
  note: text.nullable(),
  onlyBefore: z.number(),
  onlyAfter: z.number(),
  both: z.number(),
  equal: z.number(),
  rowsRead: z.number(),
  columns: z.array(
    z.object({
      name: text,
      nameBefore: text,
      masked: z.boolean(),
      different: z.number(),
      samples: z.array(z.object({ row, before: text.nullable(), after: text.nullable() })),
    }),
  ),
  shown: z.array(z.object({ name: text, masked: z.boolean() })),
  samplesOnlyBefore: z.array(row),
  samplesOnlyAfter: z.array(row),
});

export const rowDiffStatusSchema: z.ZodType<RowDiffStatus> = z.object({
  state: z.enum(["waiting", "running", "succeeded", "failed"]),
  phase: z.enum(Object.keys(DIFF_PHASE_WORDS) as [DiffPhase, ...DiffPhase[]]),
  startedAt: time,
  endedAt: time.nullable(),
  diff: diff.nullable(),
  error: z
    .object({ kind: z.enum(Object.keys(POLICY) as [ErrorKind, ...ErrorKind[]]), message: text, remedy: text })
    .nullable(),
});
