import type { MarkAs } from "@nova/pipeline-core/orchestration";

/** What a mark does, in full; a mark never changes rows. */
export const MARK_MEANS: Record<MarkAs, string> = {
  done: "What waited for them goes on with the rows that are there: no rows are changed, and their data reaches no further. They are tried again as always when they are due next.",
  failed:
    "What waits will not start, what runs is interrupted and publishes nothing, and what comes after is skipped. No rows are changed.",
};

export const MARK_HINT = "It stands in the audit, on the step and in the log of the run.";
