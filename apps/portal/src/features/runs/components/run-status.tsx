import type { RunState, StepState, Trigger } from "@nova/pipeline-core/orchestration";
import { StatusPill, StatusText } from "@/ui/status-pill.tsx";
import { RUN_STATE_WORDS, STEP_STATE_WORDS, TRIGGER_WORDS } from "../run-words.ts";

export function RunStatus({ state, pill = false }: { readonly state: RunState; readonly pill?: boolean }) {
  const words = RUN_STATE_WORDS[state];
  return pill ? <StatusPill {...words} /> : <StatusText {...words} />;
}

export function StepStatus({ state }: { readonly state: StepState }) {
  return <StatusText {...STEP_STATE_WORDS[state]} />;
}

export function TriggerName({ trigger }: { readonly trigger: Trigger }) {
  const { label, icon: Icon } = TRIGGER_WORDS[trigger];
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap">
      <Icon aria-hidden className="size-3.5 shrink-0 text-fg-subtle" />
      {label}
    </span>
  );
}
