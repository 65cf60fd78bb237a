import type { Context } from "../context.ts";

/** Cleans up after the outcome is settled: a file that cannot be removed now is found by the orphan pass. */
export async function removeQuietly(context: Context, locations: readonly string[]): Promise<void> {
  await Promise.allSettled(locations.map((location) => context.storage.delete(location)));
}
