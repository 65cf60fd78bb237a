import { z } from "zod";

const OUTCOMES = ["wrong", "warning", "ok"] as const;
/**
 * - `ok`: as it must be.
 * - `wrong`: capture cannot work, or this table fails.
 * - `warning`: works, but something will hurt later.
 */
export type FindingOutcome = (typeof OUTCOMES)[number];

/** One requirement of capture and how the source meets it, in plain words. */
export interface Finding {
  /** What is required: "Logical decoding", "Replica identity of public.orders" … */
  readonly requirement: string;
  readonly outcome: FindingOutcome;
  /** How it stands now. */
  readonly found: string;
  /** The statement that mends it, to be run on the source; null when nothing has to be done or no statement can. */
  readonly remedy: string | null;
}

export interface SourceDiagnosis {
  readonly findings: readonly Finding[];
}

/** How the worker tells of it over HTTP. */
export const sourceDiagnosisSchema: z.ZodType<SourceDiagnosis> = z.object({
  findings: z.array(
    z.object({
      requirement: z.string(),
      outcome: z.enum(OUTCOMES),
      found: z.string(),
      remedy: z.string().nullable(),
    }),
  ),
});

/** The worst first; in each the order of the check. */
export function worstFirst(findings: readonly Finding[]): Finding[] {
  return findings.toSorted((left, right) => OUTCOMES.indexOf(left.outcome) - OUTCOMES.indexOf(right.outcome));
}
