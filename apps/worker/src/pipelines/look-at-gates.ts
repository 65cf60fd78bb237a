import { dayColumn, type ModelFile } from "@nova/pipeline-core/catalog";
import { asPlatformError, SECOND } from "@nova/pipeline-core/kernel";
import {
  type ConsumedInputs,
  type DatasetFacts,
  type GateMoment,
  judgeConditions,
  mayRun,
  type ScheduleFacts,
} from "@nova/pipeline-core/orchestration";
import { charging } from "./charging.ts";
import type { PipelineContext } from "./context.ts";
import type { LakeState } from "./lake-state.ts";

/** Between two looks at inputs that were not ready and changed since. */
const LOOK_AGAIN = 10 * SECOND;

/** What the check of a model's gate is judged by; absent for a gate without one. */
export function gateCheckOf(
  { state, times }: Pick<PipelineContext, "state" | "times">,
  { name, header }: ModelFile,
  schedule: ScheduleFacts | undefined,
): Pick<GateMoment, "check"> {
  if (header.gate?.check === undefined) return {};
  const startedAt = times.startedAt.get(name);
  const since = schedule === undefined ? (startedAt === undefined ? null : new Date(startedAt)) : schedule.dueSince;
  const heldBack = state.heldBack.get(name);
  return { check: { look: state.gateLooks.get(name), since, heldBack, column: dayColumn(header) } };
}

/**
 * True when the model has read an input that stands at this snapshot as far as it may: the rest belongs to days that are
 * still not ready.
 */
export function wasReadExceptDays(
  state: LakeState,
  facts: Pick<DatasetFacts, "gate" | "dataset">,
  input: string,
): boolean {
  const left = state.heldBack.get(facts.dataset);
  const now = facts.gate?.check?.letThrough;
  if (left === undefined || left.inputs[input] !== (state.snapshots.get(input) ?? null)) return false;
  return now === undefined || now === null || JSON.stringify(now) === JSON.stringify(left.letThrough);
}

export interface GateLooker {
  /** Asks the inputs of models that are due but for what the check of their gate says; wakes the scheduler when it knows. */
  look(judged: readonly { readonly model: ModelFile; readonly facts: DatasetFacts }[]): void;
  settled(): Promise<void>;
}

export function createGateLooker(
  context: PipelineContext,
  guarded: (name: string, work: () => Promise<void>) => Promise<void>,
): GateLooker {
  const busy = new Map<string, Promise<void>>();
  return {
    look(judged) {
      for (const { model, facts } of judged) {
        if (busy.has(model.name) || !isWanted(context, facts)) continue;
        const work = guarded(`gate of ${model.name}`, () => lookAt(context, model)).finally(() => {
          busy.delete(model.name);
          context.wake();
        });
        busy.set(model.name, work);
      }
    },
    settled: async () => void (await Promise.all(busy.values())),
  };
}

function isWanted({ state, clock }: PipelineContext, facts: DatasetFacts): boolean {
  const { gate, dataset } = facts;
  if (gate?.check === undefined || gate.through === null) return false;
  const late = gate.late.length > 0 && (gate.until === null || gate.until > facts.now || gate.afterThat === "stay");
  if (late || !mayRun(judgeConditions(facts).filter(({ id }) => id !== "inputs-complete"))) return false;
  if (gate.check.value === null) return true;
  const look = state.gateLooks.get(dataset);
  const waits = gate.check.per === "model" && gate.check.value <= 0;
  const moved =
    JSON.stringify(look?.inputs) !==
    JSON.stringify(
      inputsNow(
        state,
        facts.inputs.map(({ input }) => input),
      ),
    );
  return waits && moved && look !== undefined && clock.now().getTime() - look.at.getTime() >= LOOK_AGAIN;
}

function inputsNow(state: LakeState, inputs: readonly string[]): ConsumedInputs {
  return Object.fromEntries(inputs.map((input) => [input, state.snapshots.get(input) ?? null]));
}

async function lookAt(context: PipelineContext, model: ModelFile): Promise<void> {
  const { engine, state, clock, logger } = context;
  const inputs = inputsNow(state, Object.keys(model.header.inputs));
  try {
    const answers = await context.slots.run(
      () => 1,
      () => charging(context, "gate", model.name, () => engine.askGate(model)),
    );
    state.gateLooks.set(model.name, { at: clock.now(), inputs, answers });
  } catch (thrown) {
    const { message } = asPlatformError(thrown, "engine-failed");
    logger.warn("the check of a gate could not be asked", { dataset: model.name, reason: message });
    state.gateLooks.set(model.name, { at: clock.now(), inputs, answers: [], failed: message });
  }
}
