import type { CatalogRow } from "@nova/db/read-models";
import { type JudgedHealth, judgeVerdict } from "@/features/health/index.ts";
import { FACETS, type Facet, type FacetChoice, type Order } from "./catalog-search.ts";

export interface JudgedRow extends CatalogRow {
  readonly judged: JudgedHealth;
}

export function judgeRows(rows: readonly CatalogRow[], now: Date): JudgedRow[] {
  return rows.map((row) => ({ ...row, judged: judgeVerdict(row, now) }));
}

/** The values a dataset has in a facet; several for its sources. */
export function valuesOf(row: JudgedRow, facet: Facet): readonly string[] {
  switch (facet) {
    case "layer":
      return [row.layer];
    case "health":
      return [row.judged.verdict];
    case "freshness":
      return [row.judged.freshness];
    case "source":
      return row.sources;
    case "pipeline":
      return [row.pipeline];
    case "owner":
      return [row.owner];
    case "pii":
      return [row.pii];
  }
}

/** Datasets that have, in every facet with a choice, one of the chosen values. */
export function narrow(rows: readonly JudgedRow[], choice: FacetChoice): JudgedRow[] {
  return rows.filter((row) => FACETS.every((facet) => matches(row, facet, choice[facet])));
}

function matches(row: JudgedRow, facet: Facet, chosen: readonly string[]): boolean {
  return chosen.length === 0 || valuesOf(row, facet).some((value) => chosen.includes(value));
}

/**
 * How many datasets each value of a facet would leave, given what is chosen in the other facets: a count is what a
 * click gives. Values come by count; chosen ones stay even at 0.
 */
export function countFacet(
  rows: readonly JudgedRow[],
  facet: Facet,
  choice: FacetChoice,
): { value: string; count: number }[] {
  const others = FACETS.filter((one) => one !== facet);
  const counts = new Map<string, number>(choice[facet].map((value) => [value, 0]));
  for (const row of rows) {
    if (!others.every((one) => matches(row, one, choice[one]))) continue;
    for (const value of valuesOf(row, facet)) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .toSorted((a, b) => b.count - a.count || a.value.localeCompare(b.value));
}

/** `relevance` keeps the server's order: best match, then most queried. Freshness puts the latest against its allowance first. */
export function orderRows(rows: readonly JudgedRow[], order: Order): JudgedRow[] {
  const byName = (a: JudgedRow, b: JudgedRow): number => a.name.localeCompare(b.name);
  switch (order) {
    case "relevance":
      return [...rows];
    case "usage":
      return rows.toSorted((a, b) => b.queryCount - a.queryCount || byName(a, b));
    case "freshness":
      return rows.toSorted((a, b) => lateness(b) - lateness(a) || byName(a, b));
    case "name":
      return rows.toSorted(byName);
    case "rows":
      return rows.toSorted((a, b) => (b.rowCount ?? -1) - (a.rowCount ?? -1) || byName(a, b));
  }
}

/** Age over allowed age; what was never loaded comes last, for it has no age. */
function lateness(row: JudgedRow): number {
  return row.judged.ageSeconds === null ? -1 : row.judged.ageSeconds / Math.max(1, row.targetLagSeconds);
}
