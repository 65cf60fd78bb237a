import { setTimeout as sleep } from "node:timers/promises";
import type { CopyCompared, KeyDifference, SourceRows, StreamSchema } from "@nova/pipeline-core/connectors";
import { caughtUp, type CompareDeps, type Found, LOOKS, MOST_KEYS, ROWS_PER_RANGE } from "./compare-stream.ts";

/**
 * Compares a stream whose source computes nothing: its rows are copied and compared by the lake's engine. Every key that
 * differs is looked at again, as the source has it then: its row may have been merged while the copy was made, and capture
 * may hear a moment later of what the copy shows already.
 */
export async function compareCopied(
  deps: CompareDeps<SourceRows>,
  dataset: string,
  schema: StreamSchema,
  signal: AbortSignal,
): Promise<Found> {
  const { source } = deps;
  const look = async (keys: readonly KeyDifference["key"][] | null): Promise<CopyCompared> => {
    const begunAt = deps.clock.now();
    const copy = await deps.lake.copy(dataset, schema);
    try {
      for await (const rows of source.rows(schema, keys, signal)) await copy.add(rows);
      await caughtUp(deps, dataset, deps.clock.now(), signal);
      return await copy.compare({
        judged: keys ?? (source.complete(schema.stream) ? "all" : "copied"),
        tells: source.tells,
        begunAt,
        rowsPerRange: deps.rowsPerRange ?? ROWS_PER_RANGE,
        most: MOST_KEYS,
      });
    } finally {
      await copy.close();
    }
  };
  const first = await look(null);
  const proven: KeyDifference[] = [];
  const unlisted = first.proven.total - first.proven.keys.length;
  let { quarantined } = first;
  let open = [...first.proven.keys, ...first.moved.keys].slice(0, MOST_KEYS);
  const unseen = first.moved.total + first.proven.keys.length - open.length;
  if (open.some(({ kind }) => kind === "extra")) await sleep(source.deletesWithinMillis, undefined, { signal });
  for (let times = 2; times <= LOOKS && open.length > 0; times += 1) {
    const again = await look(open.map(({ key }) => key));
    proven.push(...again.proven.keys);
    quarantined += again.quarantined;
    open = [...again.moved.keys];
  }
  return {
    sourceRows: first.sourceRows,
    datasetRows: first.datasetRows,
    ranges: first.ranges,
    rangesDifferent: proven.length + unlisted === 0 ? 0 : Math.max(1, first.rangesDifferent),
    keys: proven.slice(0, MOST_KEYS),
    differences: proven.length + unlisted,
    moving: open.length + unseen,
    quarantined,
    untold: first.untold,
    leftOut: first.leftOut,
  };
}
