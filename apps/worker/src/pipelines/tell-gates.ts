import { dayWaitsUntil, type GateState, gateWords, judgeConditions } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { judgeModels } from "./judge-models.ts";

/** Every model that has a gate with what it waits for now, from the facts the scheduler itself decides by. */
export function tellGates(context: PipelineContext): GateState[] {
  return judgeModels(context, context.times).flatMap(({ model, facts }): GateState[] => {
    const { gate, schedule } = model.header;
    const condition = judgeConditions(facts).find(({ id }) => id === "inputs-complete");
    if (gate === undefined || condition === undefined) return [];
    const { holds, text, until } = condition;
    const waiting = facts.gate?.check?.waiting ?? [];
    const days = waiting.map((one) => ({ ...one, until: dayWaitsUntil(gate, one.day) }));
    return [{ dataset: model.name, words: gateWords(gate, schedule), waits: !holds, now: text, until, days }];
  });
}
