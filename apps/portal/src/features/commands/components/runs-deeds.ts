import type { RunRow } from "@nova/db/read-models";
import { Ban, CircleX, Hand, type LucideIcon, RotateCcw } from "lucide-react";
import type { Steering } from "../use-ask-many.ts";
import { MARK_MEANS } from "./mark-words.ts";

export type RunsDeed = "cancel" | "retry" | "done" | "failed";

interface Deed {
  readonly verb: string;
  readonly icon: LucideIcon;
  /** With Shift. */
  readonly key: string;
  readonly danger: boolean;
  readonly fits: (run: RunRow) => boolean;
  /** Why nothing that was chosen fits. */
  readonly none: string;
  /** What it will do. */
  readonly means: string;
  readonly request: (run: RunRow, reason: string) => Steering;
}

const isOpen = (run: RunRow): boolean => run.endedAt === null;

/** What can be done with several runs at once. */
export const RUNS_DEEDS: Record<RunsDeed, Deed> = {
  cancel: {
    verb: "Cancel",
    icon: Ban,
    key: "C",
    danger: true,
    fits: isOpen,
    none: "None of them is running.",
    means:
      "What waits will not start; what runs is interrupted and publishes nothing. The cancelled datasets do not start by themselves for 5 minutes.",
    request: ({ id }) => ({ kind: "cancel-run", target: id }),
  },
  retry: {
    verb: "Retry",
    icon: RotateCcw,
    key: "R",
    danger: false,
    fits: ({ state }) => state === "failed" || state === "cancelled",
    none: "None of them failed or was cancelled.",
    means:
      "For each, a new run does again what failed or was cancelled, and the steps that waited for it, on the inputs of now.",
    request: ({ id }) => ({ kind: "retry-run", target: id, scope: "failed", datasets: [] }),
  },
  done: {
    verb: "Mark done",
    icon: Hand,
    key: "D",
    danger: false,
    fits: ({ state, trigger }) => state === "failed" && trigger !== "backfill",
    none: "None of them failed; runs of a backfill are not marked.",
    means: `Every step that failed is marked as done. ${MARK_MEANS.done}`,
    request: ({ id }, reason) => ({ kind: "mark-run", target: id, as: "done", datasets: [], reason }),
  },
  failed: {
    verb: "Mark failed",
    icon: CircleX,
    key: "F",
    danger: true,
    fits: (run) => isOpen(run) && run.trigger !== "backfill",
    none: "None of them is running; runs of a backfill are not marked.",
    means: `Every step that has not ended is marked as failed. ${MARK_MEANS.failed}`,
    request: ({ id }, reason) => ({ kind: "mark-run", target: id, as: "failed", datasets: [], reason }),
  },
};
