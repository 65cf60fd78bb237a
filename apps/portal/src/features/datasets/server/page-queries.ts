import "server-only";
import { parseLineageSearch } from "@/features/lineage/index.ts";
import { trpc } from "@/trpc/server.tsx";
import { parseDatasetSearch, type Tab } from "../dataset-search.ts";

type Search = Readonly<Record<string, string | string[] | undefined>>;

/** What the dataset page needs for the tab its address names; rows of the sample are left to the browser, they take a query. */
export function queriesOfDatasetPage(name: string, search: Search) {
  return [trpc.datasets.head.queryOptions({ name }), ...queriesOfTab(name, search)];
}

function queriesOfTab(name: string, search: Search) {
  const { datasets, lineage } = trpc;
  const { tab, range, check } = parseDatasetSearch(search);
  const { column, ...extent } = parseLineageSearch(search);
  const queries = {
    overview: () => [datasets.freshness.queryOptions({ name, range: "24h" })],
    columns: () => [datasets.columns.queryOptions({ name })],
    freshness: () => [datasets.freshness.queryOptions({ name, range }), lineage.late.queryOptions({ name })],
    checks: () => [
      datasets.checks.queryOptions({ name }),
      ...(check === "" ? [] : [datasets.checkResults.queryOptions({ name, check })]),
    ],
    lineage: () =>
      column === ""
        ? [lineage.around.queryOptions({ name, ...extent })]
        : [lineage.column.queryOptions({ name, column })],
    partitions: () => [trpc.backfills.partitions.queryOptions({ dataset: name })],
    runs: () => [trpc.cost.ofDataset.queryOptions({ name })],
    // The worker is asked for them: that is left to the browser, too.
    snapshots: () => [],
    sample: () => [],
    sql: () => [datasets.model.queryOptions({ name })],
  } satisfies Record<Tab, () => unknown[]>;
  return queries[tab]();
}
