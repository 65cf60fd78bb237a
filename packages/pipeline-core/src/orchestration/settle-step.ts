import { type ErrorKind, POLICY, SECOND } from "../kernel/index.ts";

export interface StepAttempt {
  readonly attempt: number;
  readonly maxAttempts: number;
}

export type StepDecision = { readonly next: "retrying"; readonly retryAt: Date } | { readonly next: "failed" };

/**
 * Decides what a failed attempt means for its step. `jitter` is a random share 0–1: full jitter keeps many steps that
 * failed together from coming back together.
 */
export function settleFailedAttempt(step: StepAttempt, kind: ErrorKind, now: Date, jitter: number): StepDecision {
  if (POLICY[kind].retry !== "timed" || step.attempt >= step.maxAttempts) return { next: "failed" };
  return { next: "retrying", retryAt: new Date(now.getTime() + backoffMillis(step.attempt, jitter)) };
}

/** Exponential backoff with full jitter: 1 s, 2 s, 4 s … up to 60 s, times the random share. */
export function backoffMillis(attempt: number, jitter: number): number {
  return Math.round(Math.min(60 * SECOND, SECOND * 2 ** (attempt - 1)) * Math.max(0.1, jitter));
}
