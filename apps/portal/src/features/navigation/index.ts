import {
  Activity,
  CalendarClock,
  CalendarSync,
  CircleDollarSign,
  Database,
  GitCompareArrows,
  House,
  type LucideIcon,
  Plug,
  TerminalSquare,
  Workflow,
} from "lucide-react";
import { paths } from "./paths.ts";

export { DatasetLink } from "./dataset-link.tsx";
export { paths } from "./paths.ts";

export interface Place {
  readonly label: string;
  readonly href: string;
  readonly icon: LucideIcon;
  /** Pressed after `g`. */
  readonly key: string;
  /** At the bottom of a phone, where few have room; the others stand behind "More". */
  readonly onPhone?: true;
}

/** The main places, in the order of the side navigation. */
export const PLACES: readonly Place[] = [
  { label: "Home", href: paths.home, icon: House, key: "h", onPhone: true },
  { label: "Catalog", href: paths.catalog, icon: Database, key: "c", onPhone: true },
  { label: "Sources", href: paths.sources, icon: Plug, key: "s" },
  { label: "Drift", href: paths.drift, icon: GitCompareArrows, key: "d" },
  { label: "Pipelines", href: paths.pipelines, icon: Workflow, key: "p", onPhone: true },
  { label: "Runs", href: paths.runs, icon: Activity, key: "r", onPhone: true },
  { label: "Backfills", href: paths.backfills, icon: CalendarClock, key: "b" },
  { label: "Schedules", href: paths.schedules, icon: CalendarSync, key: "t" },
  { label: "Cost", href: paths.cost, icon: CircleDollarSign, key: "o" },
  { label: "Query", href: paths.query, icon: TerminalSquare, key: "q" },
];

/** Is this place the one the path belongs to? */
export function isAt(place: Place, pathname: string): boolean {
  return place.href === "/" ? pathname === "/" : pathname === place.href || pathname.startsWith(`${place.href}/`);
}
