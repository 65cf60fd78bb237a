import type { TableIdentifier } from "../catalogs/catalog.ts";
import { loadState, stateKey, type Context, type TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { numberProperty, PROPERTY } from "../properties.ts";
import type { Decide, Within } from "./decide.ts";
import { publish, refuseWithin } from "./publish.ts";

/**
 * Compare-and-swap loop (spec "Optimistic Concurrency"): decide on the newest state, write the metadata file, swap the
 * pointer; a lost race is decided again on fresh metadata, at most `commit.retry.num-retries` times, with jitter.
 */
export async function commitMetadata(
  context: Context,
  identifier: TableIdentifier,
  within: Within | undefined,
  decide: Decide,
): Promise<TableState> {
  const head = context.heads.get(stateKey(identifier));
  refuseWithin(context, within);
  let state = head ?? (await loadState(context, identifier));
  let maybeStale = head !== undefined;
  for (let attempt = 0; ; attempt += 1) {
    let decided;
    try {
      decided = await decide(state);
    } catch (error) {
      if (!maybeStale) throw error;
      // Decided on what this process knew last. When that was stale the refusal may be wrong: look once more.
      const fresh = await loadState(context, identifier);
      if (fresh.metadataLocation === state.metadataLocation) throw error;
      maybeStale = false;
      state = fresh;
      continue;
    }
    if (decided === null) {
      // "Nothing to do" must be true of the table as it is, not of what this process remembers.
      const fresh = maybeStale ? await loadState(context, identifier) : state;
      if (fresh.metadataLocation === state.metadataLocation) return state;
      maybeStale = false;
      state = fresh;
      continue;
    }
    const published = await publish(context, state, decided, within);
    if (published) return published;
    const retries = numberProperty(state.metadata.properties, PROPERTY.retries);
    if (attempt >= retries)
      throw new IcebergError(
        "commit-conflict",
        `${identifier.namespace}.${identifier.name}: ${retries + 1} attempts lost to other commits; commit less often or raise ${PROPERTY.retries.name}`,
        { ...identifier },
      );
    const ceiling = Math.min(
      numberProperty(state.metadata.properties, PROPERTY.retryMaxWaitMs),
      numberProperty(state.metadata.properties, PROPERTY.retryMinWaitMs) * 2 ** attempt,
    );
    await context.wait(ceiling * context.random());
    maybeStale = false;
    state = await loadState(context, identifier);
  }
}
