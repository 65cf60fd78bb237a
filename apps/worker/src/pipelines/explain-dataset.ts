import type { OpenBreaker } from "@nova/pipeline-core/connectors";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { type DatasetFacts, explain, type Explanation } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { judgeModels } from "./judge-models.ts";
import { awaitsFirstRead, consumedOf } from "./lake-state.ts";
import { readersOf } from "./lanes.ts";
import { poolFacts } from "./step-policy.ts";

/** Why a dataset is not running now, from the facts the scheduler itself decides by. */
export function explainDataset(
  context: PipelineContext,
  dataset: string,
  breakers: readonly OpenBreaker[],
): Explanation {
  const entry = context.state.entries.get(dataset);
  if (entry === undefined) throw new PlatformError("not-found", `there is no dataset ${dataset}`);
  if (dataset.startsWith("raw."))
    return {
      dataset,
      state: "ready",
      headline:
        "Capture writes it as changes come in; it is not scheduled. The source's page says how capture is doing.",
      conditions: [],
    };
  const judged = judgeModels(context, context.times).find(({ model }) => model.name === dataset);
  const facts = judged?.facts ?? loadFacts(context, dataset, entry.pipeline);
  const place = context.slots.waiting().indexOf(dataset);
  const pool = poolFacts(context.policyOf(dataset), dataset);
  return explain({
    ...facts,
    breakers: breakers.filter(({ source }) =>
      [dataset, ...facts.inputs.map(({ input }) => input)].some((name) => name.startsWith(`staged.${source}__`)),
    ),
    ...(place < 0 ? {} : { queuedBehind: place }),
    ...(pool === null ? {} : { pool }),
  });
}

/** A staged dataset has one input, the raw dataset of its source. */
function loadFacts(context: PipelineContext, dataset: string, pipeline: string): DatasetFacts {
  const { state, clock, pace } = context;
  return {
    dataset,
    now: clock.now(),
    pipeline,
    runningIn: state.runningIn.get(dataset) ?? null,
    queuedBehind: null,
    pause: state.pauses.get(pipeline) ?? null,
    hold: state.holds.get(dataset) ?? null,
    awaitsFirstRead: awaitsFirstRead(state, dataset),
    awaitsDecision: state.schemas.get(dataset)?.waits === true,
    leftAlone: state.leftAlone.get(dataset) ?? null,
    // Loads are paced by lane, not by dataset.
    lastStartedAt: null,
    intervalMillis: readersOf(context, dataset).length > 0 ? pace.hot : pace.cold,
    inputs: [...consumedOf(state, dataset)].map(([input, consumed]) => ({
      input,
      consumed,
      current: state.snapshots.get(input) ?? null,
      readable: true,
      running: false,
      due: false,
      inRun: false,
      dataThrough: state.dataThrough.get(input) ?? null,
      targetLagSeconds: state.entries.get(input)?.targetLagSeconds ?? Number.POSITIVE_INFINITY,
    })),
    codeChanged: false,
  };
}
