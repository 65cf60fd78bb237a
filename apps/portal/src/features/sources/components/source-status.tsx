import type { SourceState, StreamState } from "@nova/pipeline-core/connectors";
import { LoaderCircle } from "lucide-react";
import { StatusPill, StatusText } from "@/ui/status-pill.tsx";
import { SOURCE_STATE_WORDS, STREAM_STATE_WORDS } from "../source-words.ts";

export function SourceStatus({ state }: { readonly state: SourceState }) {
  const { tone, label, spinning } = SOURCE_STATE_WORDS[state];
  return <StatusPill tone={tone} label={label} spinning={spinning} {...(spinning ? { icon: LoaderCircle } : {})} />;
}

export function StreamStatus({ state }: { readonly state: StreamState }) {
  const { tone, label, spinning } = STREAM_STATE_WORDS[state];
  return <StatusText tone={tone} label={label} spinning={spinning} {...(spinning ? { icon: LoaderCircle } : {})} />;
}
