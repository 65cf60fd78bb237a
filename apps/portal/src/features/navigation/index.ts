import {
  Activity,
  CalendarClock,
  Database,
  GitCompareArrows,
  House,
  type LucideIcon,
  Plug,
  TerminalSquare,
} from "lucide-react";

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
  runs: "/runs",
  runsFailed: "/runs?state=failed",
  run: (id: string) => `/runs/${encodeURIComponent(id)}`,
  backfills: "/backfills",
  backfill: (id: string) => `/backfills/${encodeURIComponent(id)}`,
  query: "/query",
  /** The editor with this text in it. */
  queryOf: (sql: string) => `/query?sql=${encodeURIComponent(sql)}`,
} as const;

export interface Place {
  readonly label: string;
  readonly href: string;
  readonly icon: LucideIcon;
  /** Pressed after `g`. */
  readonly key: string;
}

/** The main places, in the order of the side navigation. */
export const PLACES: readonly Place[] = [
  { label: "Home", href: paths.home, icon: House, key: "h" },
  { label: "Catalog", href: paths.catalog, icon: Database, key: "c" },
  { label: "Sources", href: paths.sources, icon: Plug, key: "s" },
  { label: "Drift", href: paths.drift, icon: GitCompareArrows, key: "d" },
  { label: "Runs", href: paths.runs, icon: Activity, key: "r" },
  { label: "Backfills", href: paths.backfills, icon: CalendarClock, key: "b" },
  { label: "Query", href: paths.query, icon: TerminalSquare, key: "q" },
];

/** Is this place the one the path belongs to? */
export function isAt(place: Place, pathname: string): boolean {
  return place.href === "/" ? pathname === "/" : pathname === place.href || pathname.startsWith(`${place.href}/`);
}
