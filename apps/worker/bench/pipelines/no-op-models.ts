import type { ModelFile } from "@nova/pipeline-core/catalog";
import { modelHeaderSchema } from "@nova/pipeline-core/catalog";
import { PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import type { LakeEngine } from "@nova/pipeline-core/orchestration";

export const NO_OP_PIPELINE = "no_op";
/** Steps beside each other in one layer of the graph; each reads two of the layer before. */
const WIDTH = 20;

/** Names and inputs of a graph of `count` steps that begins with one; the same for us and for the product beside us. */
export function noOpGraph(count: number): { readonly name: string; readonly inputs: readonly string[] }[] {
  const nameOf = (index: number): string => `mart.step_${index}`;
  return Array.from({ length: count }, (_, index) => {
    if (index === 0) return { name: nameOf(0), inputs: [] };
    const above = Math.max(0, index - WIDTH);
    return { name: nameOf(index), inputs: [...new Set([above, Math.max(0, above - 1)])].map(nameOf) };
  });
}

export function noOpModels(count: number): ModelFile[] {
  return noOpGraph(count).map(({ name, inputs }) => ({
    name,
    path: `${name}.sql`,
    sql: "SELECT 1 AS id",
    sqlLine: 1,
    codeVersion: "no-op",
    header: modelHeaderSchema.parse({
      description: "A step that does nothing.",
      owner: "bench",
      pipeline: NO_OP_PIPELINE,
      kind: "merge",
      key: "id",
      target_lag: "24h",
      inputs: Object.fromEntries(
        (inputs.length === 0 ? ["staged.bench__nothing"] : inputs).map((input) => [input, { key: "id" }]),
      ),
      columns: { id: { type: "long", description: "Nothing." } },
    }),
  }));
}

/**
 * A lake whose refreshes write no rows: everything around them is real, the transaction that publishes included.
 * `began` is told when the work of a step begins. Without `keeps` no step leaves anything, so that it is done whenever asked.
 */
export function noOpEngine(
  real: LakeEngine,
  publish: (work: (tx: Transaction) => Promise<void>) => Promise<void>,
  began: (dataset: string) => void,
  keeps: boolean,
): LakeEngine {
  let snapshot = 1;
  const snapshots = new Map<string, string>();
  const of = (dataset: string): string | null => snapshots.get(dataset) ?? null;
  return {
    ...real,
    snapshots: async (datasets) => new Map(datasets.map((dataset) => [dataset, of(dataset)])),
    codeVersion: async () => null,
    tableStats: async (dataset) => ({ snapshotId: of(dataset), rowCount: 0, bytes: 0, fileCount: 0 }),
    joinFiles: async () => ({ joined: 0, into: 0 }),
    expireSnapshots: async () => 0,
    async refreshModel({ model, consumed, within }) {
      began(model.name);
      const moves = Object.keys(model.header.inputs).flatMap((input) => {
        const to = of(input);
        return to === null ? [] : [{ input, from: consumed.get(input) ?? null, to }];
      });
      await publish((tx) => within(tx, moves, null));
      const before = of(model.name);
      const after = keeps ? String((snapshot += 1)) : null;
      if (after !== null) snapshots.set(model.name, after);
      return {
        moves,
        computed: null,
        rowsIn: 0,
        rowsOut: 0,
        bytes: 0,
        snapshotBefore: before,
        snapshotAfter: after,
        mode: "no-op",
        phases: [],
        notes: [],
      };
    },
    recomputeModel: async () => {
      throw new PlatformError("internal", "nothing is computed again here");
    },
  };
}
