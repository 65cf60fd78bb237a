import type { PoolState } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import type { SlotPlace, Slots } from "./slots.ts";

/** Every concurrency pool with who has its places and who waits: the platform's own first, then what models name. */
export function tellPools({ definitions: { models }, pools, slots, behindSlots }: Pools): PoolState[] {
  return [
    {
      kind: "steps",
      name: "all steps",
      description: "Heavy work at the same time, whatever asked for it. What would be late first goes first.",
      ...fixed(slots),
      datasets: [],
      ...placesOf(slots),
    },
    {
      kind: "backfills",
      name: "backfills",
      description: "What backfills may have of all steps at once, so that a place is always left for fresh data.",
      ...fixed(behindSlots),
      datasets: [],
      ...placesOf(behindSlots),
    },
    ...[...pools.values()].map(({ name, description, declared, changed, slots: places }): PoolState => {
      const datasets = models.filter(({ header }) => header.pool === name).map((model) => model.name);
      return {
        kind: "pool",
        name,
        description,
        size: places.size,
        declared,
        changed: changed === null ? null : { by: changed.by, at: changed.at, reason: changed.reason },
        datasets,
        ...placesOf(places),
      };
    }),
  ];
}

type Pools = Pick<PipelineContext, "pools" | "slots" | "behindSlots"> & {
  readonly definitions: Pick<PipelineContext["definitions"], "models">;
};

function fixed({ size }: Slots): Pick<PoolState, "size" | "declared" | "changed"> {
  return { size, declared: size, changed: null };
}

function placesOf(slots: Slots): Pick<PoolState, "running" | "waiting"> {
  const { running, waiting } = slots.places();
  return { running: running.map(asPlace), waiting: waiting.map(asPlace) };
}

function asPlace({ name, runId }: SlotPlace): PoolState["running"][number] {
  return { dataset: name === "" ? null : name, runId };
}
