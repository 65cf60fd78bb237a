import type { Context } from "../context.ts";

/** What a removal did: files that could not be removed are named, never counted as gone. */
export interface Removal {
  readonly removed: readonly string[];
  readonly failed: readonly string[];
}

const AT_ONCE = 64;

/** Removes files that nothing names any more, some at a time. One that cannot be removed now is found by the orphan pass. */
export async function removeFiles(context: Context, locations: readonly string[]): Promise<Removal> {
  const removed: string[] = [];
  const failed: string[] = [];
  for (let from = 0; from < locations.length; from += AT_ONCE) {
    const batch = locations.slice(from, from + AT_ONCE);
    const outcomes = await Promise.allSettled(batch.map((location) => context.storage.delete(location)));
    for (const [index, outcome] of outcomes.entries())
      (outcome.status === "fulfilled" ? removed : failed).push(batch[index] as string);
  }
  return { removed, failed };
}
