import { createHash } from "node:crypto";
import type { DatasetName } from "@nova/pipeline-core/catalog";
import { HOUR, PlatformError } from "@nova/pipeline-core/kernel";
import {
  type BackfillPlan,
  type BackfillSpec,
  planBackfill,
  type StoredBackfill,
  worldMoved,
} from "@nova/pipeline-core/orchestration";
import { backfillFacts } from "./backfill-facts.ts";
import type { PipelineContext } from "./context.ts";

/** Plans that nobody submitted are kept as long as snapshots are. */
const PLANS_KEPT = HOUR;

/** Freezes the plan of a backfill and puts it on record; nothing runs before it is submitted. */
export async function freezePlan(context: PipelineContext, spec: BackfillSpec, by: string): Promise<StoredBackfill> {
  const { backfills, clock } = context;
  refuseAppended(context, spec.dataset);
  await backfills.forgetPlans(new Date(clock.now().getTime() - PLANS_KEPT));
  return backfills.plan(await planNow(context, spec), by);
}

/** Throws `conflict` with the reasons when the plan cannot be executed as it was shown. */
export async function refuseMoved(context: PipelineContext, { plan }: StoredBackfill): Promise<void> {
  const { engine, state } = context;
  const held = plan.datasets.find(({ dataset }) => state.holds.has(dataset));
  if (held !== undefined)
    throw new PlatformError("conflict", `${held.dataset} was rolled back and stays where it is; release it first`);
  const now = await planNow(context, plan.spec);
  const inputs = [...new Set(plan.datasets.flatMap((one) => Object.keys(one.inputs)))];
  const history = new Map<DatasetName, readonly string[]>();
  for (const input of inputs) history.set(input, await engine.history(input));
  const reasons = worldMoved(plan, now, history);
  if (reasons.length > 0)
    throw new PlatformError("conflict", `the world moved since this was planned: ${reasons.join("; ")}. Plan it again`);
}

async function planNow(context: PipelineContext, spec: BackfillSpec): Promise<BackfillPlan> {
  const plan = planBackfill(spec, await backfillFacts(context, spec), (text) =>
    createHash("sha256").update(text).digest("hex"),
  );
  refuseUnbuilt(context, plan);
  return plan;
}

/** The first build of a model, or of new code, is one of all its days, by the defaults. */
function refuseUnbuilt({ state }: PipelineContext, { datasets }: BackfillPlan): void {
  for (const { dataset, parameters, codeVersion } of datasets)
    if (parameters !== undefined && state.codeVersions.get(dataset) !== codeVersion)
      throw new PlatformError(
        "conflict",
        `parameters: ${dataset} was not built by its code of now yet; run it first, then compute days with other parameters`,
      );
}

function refuseAppended({ state }: PipelineContext, dataset: DatasetName): void {
  if (dataset.startsWith("staged.") && state.entries.get(dataset)?.kind === "append")
    throw new PlatformError(
      "conflict",
      `${dataset} only adds rows and has no key to know one by: an event of raw loaded again would stand in it twice. ` +
        "It is never computed again; backfill what is made from it",
    );
}
