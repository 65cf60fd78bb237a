import type { ErrorKind } from "../kernel/index.ts";
import type { SourceId } from "./model.ts";

/** What of a source may break on its own: reading it, or loading what it sent into its staged datasets. */
export const BREAKER_PARTS = ["capture", "load"] as const;
export type BreakerPart = (typeof BREAKER_PARTS)[number];

export const BREAKER_STATES = ["closed", "open", "half-open"] as const;
/** `open`: nothing is tried before a time; `half-open`: one try is under way, and decides. */
export type BreakerState = (typeof BREAKER_STATES)[number];

/** `fail-again`: a failure that makes it as many in a row as are too many; `try`: the wait is over, one goes ahead. */
export const BREAKER_EVENTS = ["fail", "fail-again", "work", "try", "give-up"] as const;
export type BreakerEvent = (typeof BREAKER_EVENTS)[number];

/** What an event makes of a breaker; null: it changes nothing. `give-up`: the try ended without having tried anything. */
export const BREAKER_TRANSITIONS: Record<BreakerState, Record<BreakerEvent, BreakerState | null>> = {
  closed: { fail: "closed", "fail-again": "open", work: "closed", try: null, "give-up": null },
  // What was under way when it opened may still fail or work.
  open: { fail: "open", "fail-again": "open", work: "closed", try: "half-open", "give-up": null },
  "half-open": { fail: "open", "fail-again": "open", work: "closed", try: null, "give-up": "open" },
};

export interface Breaker {
  readonly state: BreakerState;
  /** Failures in a row. */
  readonly failures: number;
  readonly since: Date;
  /** When it is tried again; null while closed. */
  readonly until: Date | null;
  /** The last failure; null while all is well. */
  readonly error: { readonly kind: ErrorKind; readonly message: string } | null;
}

/** A breaker that is not closed. */
export interface OpenBreaker extends Breaker {
  readonly source: SourceId;
  readonly part: BreakerPart;
}

/** Failures in a row that open it. Only those count that may pass by themselves: for the others a person is asked at once. */
export const OPEN_AFTER = 5;

export function closedBreaker(now: Date): Breaker {
  return { state: "closed", failures: 0, since: now, until: null, error: null };
}

/** One more failure. `waitMillis`: how long it stays open, if it opens or is open. */
export function afterFailure(
  breaker: Breaker,
  error: { readonly kind: ErrorKind; readonly message: string },
  now: Date,
  waitMillis: number,
): Breaker {
  const failures = breaker.failures + 1;
  const state = BREAKER_TRANSITIONS[breaker.state][failures >= OPEN_AFTER ? "fail-again" : "fail"] ?? breaker.state;
  const until = new Date(now.getTime() + waitMillis);
  return {
    state,
    failures,
    since: state === breaker.state ? breaker.since : now,
    until: state === "closed" ? null : breaker.state === "open" && breaker.until !== null ? breaker.until : until,
    error,
  };
}

export function afterSuccess(breaker: Breaker, now: Date): Breaker {
  return breaker.state === "closed" && breaker.failures === 0 ? breaker : closedBreaker(now);
}

/** The breaker for somebody who is about to try: the same while the wait lasts, or while another tries. */
export function beforeTry(breaker: Breaker, now: Date): Breaker {
  if (breaker.until === null) return breaker;
  // Opened in the future: the clock was set back since, and the wait would last until it is where it was.
  if (breaker.until > now && breaker.since <= now) return breaker;
  const state = BREAKER_TRANSITIONS[breaker.state].try;
  return state === null ? breaker : { ...breaker, state, since: now };
}

/** After a try that found nothing to try: the next one may go ahead at once. */
export function afterNothing(breaker: Breaker, now: Date): Breaker {
  const state = BREAKER_TRANSITIONS[breaker.state]["give-up"];
  return state === null ? breaker : { ...breaker, state, since: now, until: now };
}

/** What a person reads of a breaker that is not closed. */
export function breakerText(part: BreakerPart, { state, failures, until, error }: Breaker): string {
  const what = part === "capture" ? "reading it" : "loading what it sent";
  const why = error === null ? "" : ` (${error.kind}: ${error.message})`;
  const next =
    state === "half-open"
      ? "one try is under way"
      : `tried again at ${until === null ? "once" : until.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return `${what} failed ${failures} times in a row${why}; ${next}. Nothing is lost: what waits is taken then.`;
}
