import type { ErrorKind } from "@nova/pipeline-core/kernel";
import type { RunState, StepState, Trigger } from "@nova/pipeline-core/orchestration";
import {
  CalendarClock,
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  Hand,
  History,
  LoaderCircle,
  type LucideIcon,
  RotateCw,
  SkipForward,
  Timer,
  Wrench,
} from "lucide-react";
import type { Tone } from "@/ui/tone.ts";

interface StateWords {
  readonly tone: Tone;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly spinning?: boolean;
}

export const RUN_STATE_WORDS: Record<RunState, StateWords> = {
  queued: { tone: "idle", label: "Queued", icon: CircleDashed },
  running: { tone: "info", label: "Running", icon: LoaderCircle, spinning: true },
  succeeded: { tone: "ok", label: "Succeeded", icon: CircleCheck },
  failed: { tone: "bad", label: "Failed", icon: CircleX },
  cancelled: { tone: "idle", label: "Cancelled", icon: CircleSlash },
};

export const STEP_STATE_WORDS: Record<StepState, StateWords> = {
  waiting: { tone: "idle", label: "Waiting", icon: CircleDashed },
  running: { tone: "info", label: "Running", icon: LoaderCircle, spinning: true },
  retrying: { tone: "warn", label: "Retrying", icon: RotateCw },
  succeeded: { tone: "ok", label: "Succeeded", icon: CircleCheck },
  failed: { tone: "bad", label: "Failed", icon: CircleX },
  skipped: { tone: "idle", label: "Skipped", icon: SkipForward },
  cancelled: { tone: "idle", label: "Cancelled", icon: CircleSlash },
  "done-by-hand": { tone: "warn", label: "Done by hand", icon: Hand },
};

/** In the address and the filter where an e-mail would stand: nobody asked for it. */
export const PLATFORM = "platform";

interface TriggerWords {
  readonly label: string;
  /** Why such a run starts. */
  readonly why: string;
  readonly icon: LucideIcon;
}

export const TRIGGER_WORDS: Record<Trigger, TriggerWords> = {
  "target-lag": {
    label: "Target lag",
    why: "Data was nearing its target lag.",
    icon: Timer,
  },
  manual: { label: "Manual", why: "Someone started it.", icon: Hand },
  schedule: { label: "Schedule", why: "Its time had come.", icon: CalendarClock },
  backfill: { label: "Backfill", why: "A backfill asked for it.", icon: History },
  maintenance: { label: "Maintenance", why: "Keeps tables small and fast.", icon: Wrench },
};

/** What failed, in a few words; used where the message itself is not for everyone. */
export const ERROR_WORDS: Record<ErrorKind, string> = {
  "invalid-input": "Invalid input",
  "not-found": "Not found",
  forbidden: "Not allowed",
  conflict: "Conflict",
  "query-refused": "Query refused",
  "query-limit": "Query over its limits",
  "source-unreachable": "Source unreachable",
  "source-auth": "Source refused the sign-in",
  "source-misconfigured": "Source is not set up",
  "source-budget": "Source's API budget used up",
  "slot-lost": "Replication slot lost",
  "payload-rejected": "Payload rejected",
  "stale-writer": "Worker ended or was replaced",
  "commit-conflict": "Commit conflict",
  "model-invalid": "Model is not valid",
  "schema-rejected": "Schema change rejected",
  "check-failed": "Check failed",
  "engine-failed": "Engine failed",
  "timed-out": "Took longer than its time limit",
  "storage-failed": "Storage failed",
  cancelled: "Cancelled by a person",
  "failed-by-hand": "Marked as failed by a person",
  "metadata-unreachable": "Metadata store unreachable",
  overloaded: "Overloaded",
  internal: "Internal error",
};
