import type { PiiTag } from "@nova/pipeline-core/catalog";
import type { QueryableDataset } from "@nova/db/read-models";

export interface MaskedDataset {
  readonly dataset: string;
  /** Who decides about it; null when the catalog does not say. */
  readonly owner: string | null;
  readonly columns: readonly { readonly name: string; readonly pii: PiiTag }[];
}

/** The worker's `dataset.column` names, by dataset and with who owns it. */
export function maskedByDataset(masked: readonly string[], datasets: readonly QueryableDataset[]): MaskedDataset[] {
  const groups = Map.groupBy(masked, (name) => name.slice(0, name.lastIndexOf(".")));
  return [...groups].map(([name, columns]) => {
    const known = datasets.find((dataset) => dataset.name === name);
    return {
      dataset: name,
      owner: known?.owner ?? null,
      columns: columns.map((full) => {
        const column = full.slice(name.length + 1);
        return { name: column, pii: known?.columns.find((one) => one.name === column)?.pii ?? "direct" };
      }),
    };
  });
}

/** Why the result's column of this name is masked, in a sentence; null when it is not. Renamed columns are not known. */
export function maskReason(column: string, masked: readonly MaskedDataset[]): string | null {
  for (const { dataset, owner, columns } of masked) {
    const found = columns.find((one) => one.name === column);
    if (found === undefined) continue;
    const what = found.pii === "indirect" ? "can point at a person" : "is personal";
    const whom = owner === null ? "its owner" : `its owner, ${owner},`;
    return `Masked: ${dataset}.${column} ${what} and you have no grant for it. Ask ${whom} for access.`;
  }
  return null;
}
