import type { DriftChoice, DriftState, NewTableRule } from "@nova/pipeline-core/connectors";
import type { TonedWord } from "@/ui/tone.ts";

export const DRIFT_STATE_WORDS: Record<DriftState, TonedWord> = {
  evolved: { label: "Taken over", tone: "ok" },
  open: { label: "Open", tone: "warn" },
  superseded: { label: "Changed again", tone: "idle" },
  accepted: { label: "Accepted", tone: "ok" },
  ignored: { label: "Ignored", tone: "idle" },
  mapped: { label: "Mapped", tone: "ok" },
};

export const CHOICE_LABEL: Record<DriftChoice, string> = { accept: "Accept", ignore: "Ignore", map: "Map" };

export const NEW_TABLE_CHOICES: readonly { readonly value: NewTableRule; readonly label: string }[] = [
  { value: "include", label: "Capture new tables" },
  { value: "ask", label: "Ask about new tables" },
  { value: "ignore", label: "Ignore new tables" },
];
