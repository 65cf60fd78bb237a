/** What a colour says. Every use pairs it with a word, most with an icon too. */
export type Tone = "ok" | "warn" | "bad" | "info" | "idle";

/** A state in a word and its colour. */
export interface TonedWord {
  readonly label: string;
  readonly tone: Tone;
}

export const TONE_SOFT: Record<Tone, string> = {
  ok: "bg-ok-soft text-ok",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  info: "bg-info-soft text-info",
  idle: "bg-idle-soft text-idle",
};

export const TONE_TEXT: Record<Tone, string> = {
  ok: "text-ok",
  warn: "text-warn",
  bad: "text-bad",
  info: "text-info",
  idle: "text-idle",
};

export const TONE_FILL: Record<Tone, string> = {
  ok: "bg-ok-dot",
  warn: "bg-warn-dot",
  bad: "bg-bad-dot",
  info: "bg-info-dot",
  idle: "bg-idle-dot",
};
