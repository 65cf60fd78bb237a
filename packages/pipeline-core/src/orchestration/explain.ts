import { z } from "zod";
import type { DatasetName } from "../catalog/index.ts";
import { type Condition, CONDITION_IDS, type ConditionId, judgeConditions } from "./conditions.ts";
import { waitingDaysText } from "./gate-check.ts";
import type { DatasetFacts } from "./dataset-facts.ts";

export const WHY_STATES = ["running", "ready", "up-to-date", "waiting", "stopped"] as const;
/** `stopped`: it does not go on before a person acts. */
export type WhyState = (typeof WHY_STATES)[number];

export interface Explanation {
  readonly dataset: DatasetName;
  readonly state: WhyState;
  /** The one sentence that answers "why is this not running?". */
  readonly headline: string;
  readonly conditions: readonly Condition[];
}

/** How the worker tells of it over HTTP. */
export const explanationSchema: z.ZodType<Explanation> = z.object({
  dataset: z.string(),
  state: z.enum(WHY_STATES),
  headline: z.string(),
  conditions: z.array(
    z.object({
      id: z.enum(CONDITION_IDS),
      holds: z.boolean(),
      blocks: z.boolean(),
      text: z.string(),
      until: z.coerce.date().nullable(),
    }),
  ),
});

export function explain(facts: DatasetFacts): Explanation {
  const conditions = judgeConditions(facts);
  const { dataset } = facts;
  const missing = (id: ConditionId) => conditions.find((one) => one.id === id && !one.holds);
  const answer = (state: WhyState, headline: string): Explanation => ({ dataset, state, headline, conditions });
  if (facts.runningIn !== null)
    return answer("running", missing("pool")?.text ?? missing("slot")?.text ?? "It is running now.");
  const stopped = missing("not-paused") ?? missing("schedule-on") ?? missing("not-held") ?? missing("no-open-drift");
  if (stopped !== undefined) return answer("stopped", stopped.text);
  const broken = missing("source-works");
  if (broken?.blocks === true) return answer("waiting", broken.text);
  const alone = missing("not-left-alone");
  if (alone !== undefined) return answer("waiting", alone.text);
  const days = facts.gate?.check === undefined ? null : waitingDaysText(facts.gate.check);
  const tick = facts.schedule === undefined ? undefined : missing("due-by-time");
  if (tick !== undefined) return answer("waiting", days === null ? tick.text : `${tick.text} ${days}.`);
  const first = missing("inputs-built");
  if (first !== undefined) return answer("waiting", first.text);
  const gated = missing("inputs-complete");
  if (gated !== undefined) return answer("waiting", broken === undefined ? gated.text : `${gated.text} ${broken.text}`);
  if (missing("something-new") !== undefined && days !== null)
    return answer("waiting", `${days}. It runs again when they are ready, or have waited long enough.`);
  if (missing("something-new") !== undefined)
    return answer(
      "up-to-date",
      broken?.text ?? missing("inputs-in-time")?.text ?? missing("something-new")?.text ?? "",
    );
  const waits = missing("due-by-time") ?? missing("upstream-settled");
  return waits === undefined
    ? answer("ready", "Every condition holds: it starts with the next look of the scheduler.")
    : answer("waiting", waits.text);
}
