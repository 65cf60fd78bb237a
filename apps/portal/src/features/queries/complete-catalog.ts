import type { CompletionContext, CompletionResult, CompletionSource } from "@codemirror/autocomplete";
import { PostgreSQL, type SQLNamespace } from "@codemirror/lang-sql";
import type { QueryableDataset } from "@nova/db/read-models";

/** Keywords and types: PostgreSQL's list is the closest to DuckDB's that ships with the editor. */
export const DIALECT = PostgreSQL;

/** layer → dataset → columns, for completion after a dot and through aliases. */
export function completionSchema(datasets: readonly QueryableDataset[]): SQLNamespace {
  const layers: Record<string, Record<string, SQLNamespace>> = {};
  for (const dataset of datasets) {
    const [layer, table] = splitName(dataset.name);
    layers[layer] ??= {};
    layers[layer][table] = {
      // Short names first: who types "ord" rather means orders than order_lines.
      self: { label: table, type: "type", detail: dataset.owner, boost: -Math.min(table.length, 60) },
      children: dataset.columns.map((column) => ({ label: column.name, type: "property", detail: column.type })),
    };
  }
  return layers;
}

const DATASET_IN_SQL = /\b(raw|staged|curated|mart|export)\.([A-Za-z_][\w$]*)/gi;

/** Names of datasets that stand in a text. */
export function datasetsIn(sql: string): Set<string> {
  return new Set([...sql.matchAll(DATASET_IN_SQL)].map((match) => match[0].toLowerCase()));
}

/** Whole dataset names, and the columns of the datasets that the query already names; both without a dot before them. */
export function catalogSource(datasets: readonly QueryableDataset[]): CompletionSource {
  const names = datasets.map((dataset) => ({ label: dataset.name, type: "type", detail: dataset.owner, boost: 1 }));
  const byName = new Map(datasets.map((dataset) => [dataset.name, dataset]));
  return (context: CompletionContext): CompletionResult | null => {
    const word = context.matchBefore(/[\w$]*/);
    if (word === null || (word.from === word.to && !context.explicit)) return null;
    const before = context.state.sliceDoc(Math.max(0, word.from - 1), word.from);
    if (before === "." || before === '"' || before === "'") return null;
    const columns = [...datasetsIn(context.state.doc.toString())].flatMap((name) =>
      (byName.get(name)?.columns ?? []).map((column) => ({
        label: column.name,
        type: "property",
        detail: `${name} · ${column.type}`,
        boost: 2,
      })),
    );
    return { from: word.from, options: [...columns, ...names], validFor: /^[\w$.]*$/ };
  };
}

function splitName(name: string): [string, string] {
  const dot = name.indexOf(".");
  return [name.slice(0, dot), name.slice(dot + 1)];
}
