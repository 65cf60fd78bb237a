import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Command, CommandRequest, PoolChange } from "@nova/pipeline-core/orchestration";
import type { PipelineContext } from "./context.ts";
import { type Pool, resizePool } from "./step-policy.ts";

type PoolRequest = Extract<CommandRequest, { kind: "set-pool" | "reset-pool" }>;

/** Gives pools the places that people chose before this worker began; a pool that the code no longer has is left out. */
export async function restorePools({ controls, pools }: Pick<PipelineContext, "controls" | "pools">): Promise<void> {
  for (const change of await controls.poolChanges()) {
    const pool = pools.get(change.pool);
    if (pool !== undefined) resizePool(pool, change);
  }
}

/**
 * Gives a pool as many places as somebody asks for, or as the code says again. On record first, then at once: with more,
 * those that wait begin; with fewer, what runs ends in peace.
 */
export async function sizePool(context: PipelineContext, command: Command, request: PoolRequest): Promise<void> {
  const { controls, commands, epoch, clock, pools, slots } = context;
  const pool = pools.get(request.target);
  if (pool === undefined)
    throw new PlatformError(
      "not-found",
      `there is no pool ${request.target}; there are ${[...pools.keys()].join(", ")}`,
    );
  // What two people ask at once is judged and done one after the other.
  await context.exclusively(`pool ${pool.name}`, async () => {
    const change = changeTo(pool, request, command.requestedBy, clock.now());
    const was = pool.slots.size;
    const places = change?.places ?? pool.declared;
    const message = [
      `${pool.name} has ${counted(places)} now${change === null ? ", as the code says" : ""}; it had ${was}`,
      ...(places > slots.size ? [`only ${slots.size} heavy steps run at once all the same`] : []),
      ...(places < pool.slots.running().length ? ["what runs ends in peace"] : []),
    ].join("; ");
    await controls.within(async (tx) => {
      if (change === null) await controls.resetPool(tx, epoch, pool.name);
      else await controls.setPool(tx, epoch, change);
      await commands.settleWithin(tx, command.id, epoch, { state: "done", message, runId: null });
    });
    resizePool(pool, change);
  });
}

function changeTo(pool: Pool, request: PoolRequest, by: string, at: Date): PoolChange | null {
  if (request.kind === "reset-pool") {
    if (pool.changed === null)
      throw new PlatformError(
        "conflict",
        `${pool.name} has ${counted(pool.declared)}, as the code says; nothing to reset`,
      );
    return null;
  }
  const { places, reason } = request;
  if (places === pool.slots.size)
    throw new PlatformError("conflict", `${pool.name} has ${counted(places)} already; nothing was changed`);
  return { pool: pool.name, places, by, at, reason };
}

function counted(places: number): string {
  return `${places} ${places === 1 ? "place" : "places"}`;
}
