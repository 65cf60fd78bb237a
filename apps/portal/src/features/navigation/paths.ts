/** Where things are. Every link of the portal is made here. */
export const paths = {
  home: "/",
  catalog: "/catalog",
  dataset: (name: string) => `/catalog/${encodeURIComponent(name)}`,
  /** The catalog narrowed to one kind of health. */
  catalogWhere: (health: "fresh" | "late" | "unknown" | "failing") =>
    health === "failing" ? "/catalog?health=failing" : `/catalog?freshness=${health}`,
  /** The dataset's checks tab. */
  checks: (dataset: string) => `/catalog/${encodeURIComponent(dataset)}?tab=checks`,
  lineage: (dataset: string) => `/catalog/${encodeURIComponent(dataset)}?tab=lineage`,
  /** The lineage of one column. */
  columnLineage: (dataset: string, column: string) =>
    `/catalog/${encodeURIComponent(dataset)}?tab=lineage&column=${encodeURIComponent(column)}`,
  /** The dataset's columns tab, with one column in view. */
  column: (dataset: string, column: string) =>
    `/catalog/${encodeURIComponent(dataset)}?tab=columns&column=${encodeURIComponent(column)}`,
  sources: "/sources",
  source: (id: string) => `/sources/${encodeURIComponent(id)}`,
  stream: (source: string, stream: string) =>
    `/sources/${encodeURIComponent(source)}?stream=${encodeURIComponent(stream)}`,
  drift: "/drift",
  driftOf: (source: string) => `/drift?source=${encodeURIComponent(source)}`,
  pipelines: "/pipelines",
  runs: "/runs",
  runsFailed: "/runs?state=failed",
  /** The runs that made or tried to make a dataset. */
  runsOf: (dataset: string) => `/runs?dataset=${encodeURIComponent(dataset)}`,
  run: (id: string) => `/runs/${encodeURIComponent(id)}`,
  backfills: "/backfills",
  backfill: (id: string) => `/backfills/${encodeURIComponent(id)}`,
  schedules: "/schedules",
  cost: "/cost",
  query: "/query",
  /** The editor with this text in it. */
  queryOf: (sql: string) => `/query?sql=${encodeURIComponent(sql)}`,
} as const;
