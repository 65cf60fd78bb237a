import type { QueryState } from "@nova/pipeline-core/access";
import { CircleCheck, CircleSlash, CircleX, LoaderCircle, type LucideIcon } from "lucide-react";
import type { Tone } from "@/ui/tone.ts";

interface StateWords {
  readonly tone: Tone;
  readonly label: string;
  readonly icon: LucideIcon;
  readonly spinning?: boolean;
}

export const QUERY_STATE_WORDS: Record<QueryState, StateWords> = {
  running: { tone: "info", label: "Running", icon: LoaderCircle, spinning: true },
  succeeded: { tone: "ok", label: "Succeeded", icon: CircleCheck },
  failed: { tone: "bad", label: "Failed", icon: CircleX },
  cancelled: { tone: "idle", label: "Cancelled", icon: CircleSlash },
};
