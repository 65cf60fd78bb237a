import type { BackfillScope, BackfillState, PartitionState, PartState } from "@nova/pipeline-core/orchestration";
import type { TonedWord } from "@/ui/tone.ts";
import type { Cut } from "./backfill-form.ts";

export const BACKFILL_STATE_WORDS: Record<BackfillState, TonedWord> = {
  planned: { label: "Planned", tone: "idle" },
  running: { label: "Running", tone: "info" },
  paused: { label: "Paused", tone: "warn" },
  done: { label: "Done", tone: "ok" },
  failed: { label: "Failed", tone: "bad" },
  cancelled: { label: "Cancelled", tone: "idle" },
};

export const PART_STATE_WORDS: Record<PartState, TonedWord> = {
  failed: { label: "Failed", tone: "bad" },
  running: { label: "Running", tone: "info" },
  queued: { label: "Queued", tone: "idle" },
  skipped: { label: "Skipped", tone: "warn" },
  cancelled: { label: "Cancelled", tone: "idle" },
  succeeded: { label: "Succeeded", tone: "ok" },
};

export const PARTITION_STATE_WORDS: Record<PartitionState, TonedWord> = {
  present: { label: "With rows", tone: "ok" },
  empty: { label: "Computed, no rows", tone: "ok" },
  missing: { label: "Missing", tone: "warn" },
  failed: { label: "Failed", tone: "bad" },
  queued: { label: "Queued by a backfill", tone: "idle" },
  running: { label: "Running", tone: "info" },
};

export const CUT_WORDS: Record<Cut, string> = {
  per_day: "One a day",
  per_range: "One a range",
  days: "Several days each",
};

export const SCOPE_WORDS: Record<BackfillScope, string> = {
  "missing-and-failed": "Missing and failed",
  missing: "Missing",
  failed: "Failed",
  all: "All",
};
