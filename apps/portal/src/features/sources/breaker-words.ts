import type { BreakerPart, BreakerState, OpenBreaker } from "@nova/pipeline-core/connectors";
import { POLICY } from "@nova/pipeline-core/kernel";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import type { TonedWord } from "@/ui/tone.ts";

/** What of a source a breaker guards. */
export const BREAKER_PART_WORDS: Record<BreakerPart, string> = { capture: "reading", load: "loading" };

export const BREAKER_STATE_WORDS: Record<BreakerState, TonedWord> = {
  closed: { label: "Closed", tone: "ok" },
  open: { label: "Open", tone: "warn" },
  "half-open": { label: "Trying once", tone: "info" },
};

export interface BreakerStory {
  /** Goes on with "since <time>". */
  readonly what: string;
  /** How often it failed, and what follows from that. */
  readonly why: string;
  readonly message: string | null;
  readonly meanwhile: string;
  readonly remedy: string | null;
}

const MEANWHILE: Record<BreakerPart, string> = {
  capture: "Nothing is lost: the source keeps what changed, and it is read then.",
  load: "Nothing is lost: raw goes on, and what it took in meanwhile is loaded then. Datasets made from it grow old until then.",
};

/** A breaker that is not closed, as a person reads it. */
export function breakerStory({ source, part, failures, error }: OpenBreaker): BreakerStory {
  const label = SOURCE_LABEL[source];
  return {
    what: `Circuit breaker open: ${part === "capture" ? `${label} is not read` : `what ${label} sent is not loaded`}`,
    why: `It failed ${failures} times in a row, so it is left alone for a while instead of being tried over and over.`,
    message: error === null || error.message === "" ? null : error.message,
    meanwhile: MEANWHILE[part],
    remedy: error === null ? null : POLICY[error.kind].remedy,
  };
}

/** The one to tell of where there is room for one: loading before reading, as readers of datasets wait for it. */
export function worstBreaker(breakers: readonly OpenBreaker[]): OpenBreaker | null {
  return breakers.find(({ part }) => part === "load") ?? breakers[0] ?? null;
}
