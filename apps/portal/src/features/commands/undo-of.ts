import type { CommandKind, CommandRequest } from "@nova/pipeline-core/orchestration";

const OPPOSITE = {
  "pause-pipeline": "resume-pipeline",
  "resume-pipeline": "pause-pipeline",
  "pause-schedule": "resume-schedule",
  "resume-schedule": "pause-schedule",
  "pause-backfill": "resume-backfill",
  "resume-backfill": "pause-backfill",
} as const satisfies Partial<Record<CommandKind, CommandKind>>;

type Reversible = Extract<CommandRequest, { kind: keyof typeof OPPOSITE }>;

function isReversible(request: CommandRequest): request is Reversible {
  return request.kind in OPPOSITE;
}

/** The command that takes back what another did; null where none does just that. */
export function undoOf(request: CommandRequest): CommandRequest | null {
  return isReversible(request) ? { kind: OPPOSITE[request.kind], target: request.target } : null;
}
