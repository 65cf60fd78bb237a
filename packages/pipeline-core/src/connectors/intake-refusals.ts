import type { SourceId } from "./model.ts";

/** Why something that was sent to us was not taken in, or not all of it. */
export const REFUSALS = [
  "unauthorized",
  "quota",
  "fair-share",
  "spool-full",
  "refused",
  "quarantined",
  "failed",
] as const;
export type Refusal = (typeof REFUSALS)[number];

export interface RefusedRequests {
  readonly source: SourceId;
  /** Who sent it: a log service, `webhook`, or `unknown`. */
  readonly service: string;
  readonly outcome: Refusal;
  readonly requests: number;
  /** Records of taken requests that were set aside. */
  readonly records: number;
  readonly lastAt: Date;
}

/** What was turned away at the door, per hour. Success means durable; counts are added. */
export interface IntakeRefusals {
  add(refused: readonly RefusedRequests[]): Promise<void>;
}
